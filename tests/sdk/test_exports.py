"""Both clients have and export an error for each code of the service's table of problems."""

from __future__ import annotations

import ast
import re

from api.http.problems import PROBLEMS
from tests.clients import ROOT

# The class of each code has the code's name: `expired_key` is ExpiredKey.
CLASSES = {code: code.title().replace("_", "") for code in PROBLEMS}


def test_the_python_client_exports_an_error_for_each_code() -> None:
    module = ast.parse((ROOT / "openapi/sdk/python/briefing_sdk/errors.py").read_text(encoding="utf-8"))
    exports: set[str] = set()
    codes: dict[str, str] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            exports = set(ast.literal_eval(node.value))
        elif isinstance(node, ast.ClassDef):
            codes |= {ast.literal_eval(key.value): node.name for key in node.keywords if key.arg == "code"}
    classes = {node.name for node in module.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
    assert codes == CLASSES
    assert classes - {"Fault"} <= exports


def test_the_typescript_client_has_an_error_for_each_code() -> None:
    text = (ROOT / "openapi/sdk/typescript/src/errors.ts").read_text(encoding="utf-8")
    table = text[text.index("/** The class of each code. */") :]
    codes = dict(re.findall(r"^\s+(\w+): (\w+),?$", table, re.M))
    assert codes == CLASSES
    assert set(codes.values()) <= set(re.findall(r"^export class (\w+) extends Problem ", text, re.M))
