"""Put the metric where `evaluate` looks for the bare name `express_alignment`.

`evaluate.load("express_alignment")` asks the Hub first and falls back to its cache of modules, by
the library's own rules: three questions, each asked twice. Where the network refuses them, that
costs a second and a half; where it swallows them, a question times out only after 100 seconds.
Two of the library's own ways ask nothing: the environment variable ``HF_EVALUATE_OFFLINE=1``, and
loading by the path that `install_metric` returns. (`evaluate` 0.4 does not read
``HF_HUB_OFFLINE``.)
"""

from __future__ import annotations

from pathlib import Path

from .errors import MetricError

NAME = "express_alignment"


def install_metric() -> Path:
    """Copy the metric into the cache of `evaluate`; the file that it will use, whose path works as
    well.

    Older versions go because `evaluate` takes the file that was written last, which need not be the
    newest version of the metric.
    """
    # Imported here: evaluate takes seconds to import and only this function needs it.
    from datasets import DownloadMode
    from evaluate import loading

    script = Path(__file__).with_name(f"{NAME}.py")
    siblings = [
        (name, str(script.with_name(f"{path}.py")))
        for kind, name, path, _ in loading.get_imports(str(script))
        if kind == "internal"
    ]
    try:
        modules: Path = Path(loading.init_dynamic_modules())
        version: str = loading._create_importable_file(
            local_path=str(script),
            local_imports=siblings,
            additional_files=[],
            dynamic_modules_path=str(modules),
            module_namespace="metrics",
            name=f"evaluate-metric/{NAME}",
            download_mode=DownloadMode.FORCE_REDOWNLOAD,
        )[1]
    except OSError as error:
        raise MetricError(f"the metric cannot be installed: {error}") from error
    return modules / "metrics" / f"evaluate-metric--{NAME}" / version / f"{NAME}.py"
