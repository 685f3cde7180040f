"""The few pages people see: plain HTML without scripts, which nobody may frame or keep."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:22rem;margin:12vh auto;padding:0 1rem}"
    "input{display:block;box-sizing:border-box;width:100%;margin:.2rem 0 1rem;padding:.5rem;font:inherit}"
    "button{padding:.5rem 1.5rem;font:inherit}.wrong{color:#a00}.note{color:#555;font-size:.85rem}"
)
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    # No form-action: browsers would hold the redirect back to the client against it.
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def login_page(action: str, hidden: Mapping[str, str], *, tenant: str, client_id: str, wrong: bool) -> HTMLResponse:
    """The form a person signs in with.

    Args:
        action: Where it is sent, relative to the page.
        hidden: Fields it carries.
        tenant: Where the person signs in.
        client_id: For which client.
        wrong: The name or password given before was wrong; the status is 400 then.
    """
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in hidden.items()
    )
    told = '<p class="wrong" role="alert">The username or the password is wrong.</p>' if wrong else ""
    return _page(
        "Sign in",
        f'{told}<form method="post" action="{escape(action)}">{fields}'
        '<label>Username<input name="username" autocomplete="username" maxlength="256" required autofocus></label>'
        '<label>Password<input name="password" type="password" autocomplete="current-password" maxlength="1024"'
        " required></label><button>Sign in</button></form>"
        f'<p class="note">For {escape(client_id)}, in the tenant {escape(tenant)} of a local platform.</p>',
        400 if wrong else 200,
    )


def notice_page(title: str, text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """A page that only says something."""
    return _page(title, f"<p>{escape(text)}</p>", status, headers)


def _page(title: str, content: str, status: int, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{content}</body></html>"
    )
    return HTMLResponse(document, status, {**_HEADERS, **(headers or {})})
