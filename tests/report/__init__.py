"""Tests of the reports and of the spreadsheets given back to people."""
