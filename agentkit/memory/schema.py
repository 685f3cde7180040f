"""The tables of the memory."""

from __future__ import annotations

from typing import Final

from agentkit.storage import Migration

MIGRATIONS: Final = (
    Migration(
        "memory",
        1,
        """
        CREATE TABLE memory_items (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            context_id TEXT NOT NULL,
            scope TEXT NOT NULL,
            task_id TEXT,
            kind TEXT NOT NULL,
            source TEXT,
            text TEXT NOT NULL,
            data TEXT,
            remembered TEXT NOT NULL
        );
        CREATE INDEX memory_items_scope ON memory_items (tenant, owner, context_id, kind, id);
        CREATE VIRTUAL TABLE memory_index USING fts5 (
            scope, text,
            content = 'memory_items', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
        );
        """,
    ),
)
"""Lexical search by SQLite's FTS5 with the Porter stemmer (design, section 8)."""
