"""Describe a published folder in Croissant, the format of MLCommons, with its fields for
responsible AI (mlcommons.org/croissant/1.0 and /RAI/1.0)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError, require
from ..licenses import license_address
from ..schema import kinds
from ..splits import SPLITS
from .about import About

_VOCABULARY = (
    "citeAs column conformsTo containedIn equivalentProperty extract field fileProperty "
    "fileObject fileSet format includes isLiveDataset jsonPath key md5 parentField path "
    "recordSet references regex repeated replace separator source subField transform"
)
_TYPES = {"int": "sc:Integer", "bool": "sc:Boolean", "float": "sc:Float", "string": "sc:Text"}
MEANING = tomllib.loads(Path(__file__).with_name("columns.toml").read_text("utf-8"))
"""What each column means."""

FURTHER = "A column of the publisher's own file."
"""What is said of a column that is not among these."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a published folder."""

    path: str  # in the folder, with slashes
    size: int  # bytes
    sha256: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


def croissant(
    about: About,
    described: Mapping[str, str],
    files: Sequence[File],
    url: str | None,
    further: Mapping[str, str] | None = None,
) -> str:
    """The text of ``croissant.json``; the same for the same arguments.

    `described` holds name, version, description, citation and license, `url` is the address of
    the dataset's page, and `further` the kinds of columns that are not known here.
    """
    content: dict[str, Any] = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "name": described["name"],
        "description": described["description"],
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "license": license_address(described["license"]),
        "version": described["version"],
        "citeAs": described["citation"],
        "url": url,
        "inLanguage": "en",
        "keywords": ["emotion", "self-disclosure", "language models", "benchmark"],
        **_responsible(about),
        "distribution": _distribution(files),
        "recordSet": [_records(further or {})],
    }
    kept = {name: value for name, value in content.items() if value not in (None, "", [])}
    return json.dumps(kept, indent=2, ensure_ascii=False) + "\n"


def validate(file: Path) -> None:
    """Check a description with the format's own library."""
    import logging

    library = require("mlcroissant", "publish")
    logger, before = logging.getLogger("absl"), logging.getLogger("absl").level
    logger.setLevel(logging.ERROR)  # it repeats on stderr what it returns
    try:
        errors = library.Dataset(str(file)).metadata.ctx.issues.errors
    except library.ValidationError as error:
        errors = {str(error)}
    finally:
        logger.setLevel(before)
    if errors:
        first = " ".join(sorted(errors)[0].split())
        raise DataError(f"{file}: mlcroissant finds {len(errors)} errors, the first: {first}")


def _context() -> dict[str, Any]:
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "prov": "http://www.w3.org/ns/prov#",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        **{name: f"cr:{name}" for name in _VOCABULARY.split()},
        "conformsTo": "dct:conformsTo",
    }


def _responsible(about: About) -> dict[str, Any]:
    return {
        "rai:dataCollection": about.collection,
        "rai:dataPreprocessingProtocol": about.preprocessing,
        "rai:dataAnnotationProtocol": about.annotation,
        "rai:dataLimitations": about.limits,
        "rai:dataBiases": about.biases,
        "rai:personalSensitiveInformation": about.sensitive,
        "rai:dataUseCases": about.uses,
        "rai:dataSocialImpact": about.impact,
        "rai:dataReleaseMaintenancePlan": about.maintenance,
        "rai:hasSyntheticData": about.synthetic,
        "prov:wasDerivedFrom": list(about.derived_from),
        "prov:wasGeneratedBy": f"{about.collection} {about.preprocessing}",
    }


def _distribution(files: Sequence[File]) -> list[dict[str, Any]]:
    objects: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": file.name,
            "name": file.name,
            "contentUrl": file.path,
            "contentSize": f"{file.size} B",
            "encodingFormat": "application/x-parquet",
            "sha256": file.sha256,
        }
        for file in files
    ]
    shards = {
        "@type": "cr:FileSet",
        "@id": "shards",
        "name": "shards",
        "description": "All rows; a file's name begins with its split.",
        "containedIn": [{"@id": file.name} for file in files],
        "encodingFormat": "application/x-parquet",
        "includes": "data/*.parquet",
    }
    return [*objects, shards]


def _records(further: Mapping[str, str]) -> dict[str, Any]:
    shards = {"fileSet": {"@id": "shards"}}
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"default/{name}",
            "name": name,
            "description": MEANING.get(name, FURTHER),
            "dataType": _TYPES[kind.removeprefix("list ").rstrip("0123456789")],
            **({"repeated": True} if kind.startswith("list ") else {}),
            "source": {**shards, "extract": {"column": name}},
        }
        for name, kind in kinds(further).items()
    ]
    split = {
        "@type": "cr:Field",
        "@id": "default/split",
        "name": "split",
        "description": "train, test or few_shot.",
        "dataType": "sc:Text",
        "source": {
            **shards,
            "extract": {"fileProperty": "filename"},
            "transform": {"regex": f"^({'|'.join(SPLITS)})-.*$"},
        },
    }
    return {
        "@type": "cr:RecordSet",
        "@id": "default",
        "name": "default",
        "description": "One record for each segment.",
        "field": [*fields, split],
    }
