"""The browser of these tests."""

from __future__ import annotations

from in_chromium import chromium, opened

__all__ = ["chromium", "opened"]
