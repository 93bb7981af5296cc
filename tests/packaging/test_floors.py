"""The import linter sees everything there is: it passes over folders that are no packages, in silence."""

from __future__ import annotations

from tests.docs.fences import ROOT


def test_every_folder_with_code_is_a_package() -> None:
    source = ROOT / "src"
    folders = {each for path in source.rglob("*.py") for each in path.parents if each.is_relative_to(source / "scmhub")}
    assert sorted(str(each.relative_to(ROOT)) for each in folders if not (each / "__init__.py").exists()) == []
