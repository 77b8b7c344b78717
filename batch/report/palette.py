"""The colours of the workbooks. Part of `report`, layer 2."""

from __future__ import annotations

from batch.report.attention import Need
from batch.states import FinalState as S

INK = "#1F2937"
RULE = "#D5DAE1"
HEADER = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3A5F", "valign": "vcenter"}
ALARM = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#C00000"}
CAUTION = {"bold": True, "font_color": "#7A4100", "bg_color": "#FCE4C8"}
ALL_WELL = {"bold": True, "font_color": "#14532D", "bg_color": "#DCF2E0"}

STATE_STYLES: dict[S, dict[str, object]] = {
    S.UNKNOWN: {"bg_color": "#C00000", "font_color": "#FFFFFF"},
    S.OPEN: {"bg_color": "#BDD7EE", "font_color": "#1F4E79"},
    S.REFUSED: {"bg_color": "#FFC7CE", "font_color": "#9C0006"},
    S.REJECTED: {"bg_color": "#F8CBAD", "font_color": "#843C0C"},
    S.NOT_SENT: {"bg_color": "#E4DFEC", "font_color": "#403151"},
    S.INVALID: {"bg_color": "#FFEB9C", "font_color": "#7F6000"},
    S.CANCELLED: {"bg_color": "#D6DCE4", "font_color": "#333F4F"},
    S.EXPIRED: {"bg_color": "#E7E6E6", "font_color": "#3B3838"},
    S.FILLED: {"bg_color": "#C6E0B4", "font_color": "#1E5C2E"},
}
"""Pale enough to print, and told apart by their text as well."""

NEED_STYLES: dict[Need, dict[str, object]] = {
    need: STATE_STYLES[S(need.value)] if need.value in set(S) else CAUTION for need in Need
}

FILL_BARS = ("#4E9A50", "#DD7E3B", "#C00000")
"""Filled, not filled, not known."""
