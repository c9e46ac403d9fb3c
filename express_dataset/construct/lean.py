"""Import this first, in a process of our own that builds or masks: spaCy, without torch.

Where torch is installed spaCy loads it, for kinds of models that masking has none of: a second
and a hundred megabytes of every worker. What imports torch afterwards gets it, but spaCy does not
look for it again; so no function that others call does this to their process.
"""

import sys
from contextlib import suppress
from importlib import import_module

if not {"torch", "thinc"} & sys.modules.keys():
    sys.modules["torch"] = None  # type: ignore[assignment]  # Python's way to say: not here.
    try:
        with suppress(ModuleNotFoundError):  # told where spaCy is used
            import_module("spacy")
    finally:
        del sys.modules["torch"]
