"""Who buys what from whom, how often, how far ahead, and how well that goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """One buyer and one seller. Shares are of orders or deliveries; days are calendar days.

    ``sites`` are ship-to sites, the first most often; ``lots`` the ordered quantities; ``late`` the share of deliveries
    that leave late, ``damaged`` of those that arrive damaged. ``hours`` is the usual transit.
    """

    buyer: str
    seller: str
    orders: int
    lead_days: tuple[int, int]
    items: tuple[str, ...]
    sites: tuple[str, ...]
    lots: tuple[int, ...]
    numbers: tuple[str, str, str]
    """How orders, confirmations and shipments are numbered: per lane, or gaps would tell of a rival."""
    hours: tuple[int, int]
    late: float
    damaged: float
    incoterm: tuple[str, str]
    modes: tuple[str, ...] = ("TRUCK",)


LANES = (
    Lane(
        "VELO", "TORQ", 860, (21, 45),
        ("TQ-DU250", "TQ-DU500", "TQ-DU-CARGO", "TQ-BAT400", "TQ-BAT625", "TQ-BAT750", "TQ-DISP-S", "TQ-DISP-L",
         "TQ-SENS-T", "TQ-SENS-S", "TQ-HARN", "TQ-CHG4", "TQ-CTRL", "TQ-DU-NEO"),
        ("VELO/UTR", "VELO/UTR", "VELO/UTR", "VELO/ZWO", "HAUL/DUI"), (20, 40, 60, 80, 120, 160),
        ("PO-71", "AB-2", "LS-5"), (9, 20), 0.07, 0.015, ("DAP", "Utrecht"),
    ),
    Lane(
        "VELO", "KINE", 560, (28, 60),
        ("KM-HUB250", "KM-HUB350", "KM-MID250", "KM-MID-CARGO", "KM-BAT500", "KM-BAT630", "KM-LCD", "KM-THUMB",
         "KM-PAS", "KM-CTRL", "KM-CHG2", "KM-AXLE"),
        ("VELO/UTR", "VELO/UTR", "VELO/ZWO", "HAUL/DUI"), (24, 48, 96, 144, 240),
        ("PO-72", "OP-9", "DL-3"), (18, 34), 0.15, 0.035, ("FCA", "Brno"), ("TRUCK", "TRUCK", "RAIL"),
    ),
    Lane(
        "TORQ", "CELL", 300, (30, 70),
        ("VC-21700-50", "VC-21700-58", "VC-MOD-10S", "VC-BMS36", "VC-NISTRIP", "VC-21700-70"),
        ("TORQ/STU", "TORQ/ULM"), (2000, 4000, 8000, 12000), ("4500", "VR-6", "SZ-8"), (20, 38), 0.06, 0.01,
        ("DAP", "Stuttgart"),
    ),
    Lane(
        "TORQ", "CAST", 280, (35, 75), ("FA-HSG-250", "FA-HSG-500", "FA-COVER", "FA-BRKT", "FA-FLANGE", "FA-INGOT"),
        ("TORQ/STU",), (400, 800, 1200, 2000), ("4501", "PV-4", "AL-1"), (40, 66), 0.12, 0.03, ("FCA", "Bilbao"),
        ("TRUCK", "TRUCK", "RAIL"),
    ),
    Lane(
        "KINE", "CELL", 270, (30, 65), ("VC-18650-35", "VC-21700-50", "VC-MOD-13S", "VC-BMS48", "VC-NISTRIP"),
        ("KINE/BRN", "KINE/OLO"), (1500, 3000, 6000), ("OBJ-3", "VR-7", "SZ-9"), (8, 16), 0.06, 0.01, ("DAP", "Brno"),
    ),
    Lane(
        "KINE", "CAST", 250, (35, 80),
        ("FA-HUBSHELL", "FA-HUBSHELL-32", "FA-SPIDER", "FA-FLANGE", "FA-COVER", "FA-CRANK-RAW"),
        ("KINE/BRN",), (300, 600, 900, 1500), ("OBJ-4", "PV-5", "AL-2"), (44, 72), 0.12, 0.03, ("FOB", "Bilbao"),
        ("TRUCK", "OCEAN"),
    ),
)  # fmt: skip

CARRIED = 0.82
"""Share of shipments that Nordhaul carries; the others go on the seller's own vehicles."""
OUTAGE_DAYS = (210, 189)
"""Between so many days ago and so many, the foundry's furnace stood still: what Alba owed then came late."""
OUTAGE_DELAY_DAYS = (9, 24)
