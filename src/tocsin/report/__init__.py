"""What happened, told once for a commander and once for an investigator, from the record alone.

takes:   a finished run (`records.run.RunRecord`): inputs and events, no truth
gives:   a Report of plain values (JSON beside it) and one self-contained HTML page
assumes: rows in order of time, positions in the site frame; ids and claims are untrusted text
fails:   BadInput when the run's epoch is not an instant; a run in which nothing happened is a report, too
"""

from __future__ import annotations

from tocsin.report.build import build, to_json
from tocsin.report.html import render_html
from tocsin.report.model import Report

__all__ = ["Report", "build", "render_html", "to_json"]
