"""The tables of the embedded store: resources as JSON, and what is searched beside them (clinical reference 1.14).

`comp` is the patient compartment and the way into every patient question: its primary key is also the order of the
answers (what must be seen first, then what is in force, then the past; each newest first), so a page is read without
sorting.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 1

SCHEMA: Final = """
CREATE TABLE res(
  rid INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE(type, id));
CREATE TABLE comp(
  pid TEXT NOT NULL, type TEXT NOT NULL, rank INTEGER NOT NULL, newest INTEGER NOT NULL, rid INTEGER NOT NULL,
  PRIMARY KEY(pid, type, rank, newest, rid)) WITHOUT ROWID;
CREATE TABLE tok(rid INTEGER NOT NULL, p TEXT NOT NULL, code TEXT NOT NULL, sys TEXT NOT NULL);
CREATE INDEX tok_rid ON tok(rid, p, code, sys);
CREATE INDEX tok_val ON tok(p, code, sys, rid);
CREATE TABLE str(rid INTEGER NOT NULL, p TEXT NOT NULL, norm TEXT NOT NULL);
CREATE INDEX str_rid ON str(rid, p, norm);
CREATE INDEX str_val ON str(p, norm, rid);
CREATE TABLE dat(rid INTEGER NOT NULL, p TEXT NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL);
CREATE INDEX dat_rid ON dat(rid, p, lo, hi);
CREATE INDEX dat_val ON dat(p, lo, hi, rid);
CREATE TABLE names(norm TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID
"""
