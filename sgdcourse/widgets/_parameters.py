"""The explorers' parameters: one table, `parameters.json`, for Python and for JavaScript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import traitlets

from sgdcourse import _checks

__all__ = ["PARAMETERS", "STATIC", "Parameter"]

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
PARAMETERS: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (_HERE / "parameters.json").read_text(encoding="utf-8")
)


class Parameter(traitlets.TraitType):  # not subscriptable in Colab's traitlets
    """A synced trait that refuses what its row of the table does not allow.

    Parameters
    ----------
    explorer, name : str
        Row of the table: which explorer, which parameter.
    """

    def __init__(self, explorer: str, name: str) -> None:
        self.spec = PARAMETERS[explorer][name]
        default = self.spec["default"]
        super().__init__(
            float(default) if self.spec["kind"] == "number" else default, help=self.spec["label"]
        )
        self.tag(sync=True)

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the value, as a plain Python number where it is one."""
        del obj
        name, spec = str(self.name), self.spec
        match spec["kind"]:
            case "choice":
                return _checks.one_of(name, value, spec["options"])
            case "flag":
                return _checks.flag(name, value)
            case "integer":
                return _checks.integer(name, value, low=spec["min"], high=spec["max"])
        return _checks.number(name, value, low=spec["min"], high=spec["max"])
