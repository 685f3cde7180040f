"""The tables of the memory."""

from __future__ import annotations

from typing import Final

from agentkit.storage import Migration

MIGRATIONS: Final = (
    Migration(
        "memory",
        1,
        """
        CREATE TABLE memory_contexts (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            tenant TEXT NOT NULL,
            owner TEXT NOT NULL,
            context_id TEXT NOT NULL,
            items INTEGER NOT NULL,
            indexed INTEGER NOT NULL,
            model TEXT NOT NULL,
            embedded INTEGER NOT NULL,
            UNIQUE (tenant, owner, context_id)
        );
        CREATE TABLE memory_items (
            context INTEGER NOT NULL,
            place INTEGER NOT NULL,
            kind TEXT NOT NULL,
            task_id TEXT,
            turn TEXT,
            source TEXT,
            text TEXT NOT NULL,
            data TEXT,
            remembered TEXT NOT NULL,
            PRIMARY KEY (context, kind, place)
        ) WITHOUT ROWID;
        CREATE UNIQUE INDEX memory_items_place ON memory_items (context, place);
        CREATE INDEX memory_items_task ON memory_items (task_id);
        CREATE TABLE memory_words (
            context INTEGER NOT NULL,
            word TEXT NOT NULL,
            place INTEGER NOT NULL,
            PRIMARY KEY (context, word, place)
        ) WITHOUT ROWID;
        CREATE TABLE memory_vectors (
            context INTEGER NOT NULL,
            place INTEGER NOT NULL,
            model TEXT NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (context, place)
        );
        """,
    ),
)
"""Contexts by number, which is never given twice; their items in order; each item's words and its vector.

The index of words is a table of our own rather than FTS5 and tsvector: it starts with the context, so that neither what
stands in other contexts nor the size of this one makes a search dearer or moves its order, what is erased is gone with
its rows, and both databases find the same. An item is indexed when `indexed` has come to its place, and embedded by
`model` when `embedded` has.
"""
