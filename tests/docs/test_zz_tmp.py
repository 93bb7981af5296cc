import json
from tests.demo.telling import Told
async def test_tmp(told: Told) -> None:
    f = await told.ask("VELO", "{ forecasts(first: 60) { nodes { bucket item { id number } site { id code partner { code } } publisher { code } counterparty { code } points(start: \"2026-03-02\", first: 3) { nodes { startsOn quantity } } } } inventoryPositions(first: 40) { nodes { item { id number } site { id code } available { value } } } }")
    for n in f["forecasts"]["nodes"]: print(n["item"], n["site"], n["bucket"], n["publisher"], n["counterparty"], n["points"])
    for n in f["inventoryPositions"]["nodes"]: print(n)
