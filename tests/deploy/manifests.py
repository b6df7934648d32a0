"""What docs/deploy/ holds, read as its consumers read it."""

from typing import Any

import yaml
from conftest import ROOT

DEPLOY = ROOT / "docs/deploy"
MANIFESTS = ("cronjob.yaml", "indexed-job.yaml")


def documents(name: str) -> list[dict[str, Any]]:
    """Return the documents of a YAML file of docs/deploy/."""
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


def of_kind(name: str, kind: str) -> dict[str, Any]:
    """Return the one document of *kind*."""
    (found,) = (document for document in documents(name) if document["kind"] == kind)
    return found
