"""The colours of the workbooks. Part of `report`, layer 2."""

from __future__ import annotations

from batch.states import FinalState as S

INK = "#1F2937"
RULE = "#D5DAE1"
HEADER = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3A5F", "valign": "vcenter"}
ALARM = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#C00000"}
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

STATE_BARS: dict[S, str] = {
    S.UNKNOWN: "#C00000",
    S.OPEN: "#2E75B6",
    S.REFUSED: "#E0525F",
    S.REJECTED: "#DD7E3B",
    S.NOT_SENT: "#8064A2",
    S.INVALID: "#D6A800",
    S.CANCELLED: "#5B6B80",
    S.EXPIRED: "#A5A5A5",
    S.FILLED: "#4E9A50",
}
