"""The browser of these tests."""

from __future__ import annotations

from support.in_chromium import chromium, opened

__all__ = ["chromium", "opened"]
