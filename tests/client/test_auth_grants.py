"""Every grant of the login host, and what follows when a token runs out (AUTH-01 to AUTH-09, CLI-01 to CLI-04)."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from agentkit.client import (
    AccessToken,
    AsyncCorti,
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    NoAuth,
    PasswordGrant,
    Pkce,
    RefreshTokenGrant,
    authorize_url,
)
from agentkit.client.grants import Grant
from agentkit.errors import AuthenticationError, ConnectionFailed, InternalServerError, UnauthorizedError
from agentkit.testing.asgi import ASGITransport
from tests.client.conftest import URL, Clock
from tests.client.connecting import TOKEN, Connect, grants, use
from tests.contract.corti_double import Answer, CortiDouble

pytestmark = pytest.mark.anyio

BACK = "https://app.example.org/callback"
PASSWORD = PasswordGrant("local-client", "jane", "jane-password")
CLIENT = ClientCredentialsGrant("local-client", "local-secret")


async def sign_in(double: CortiDouble, pkce: Pkce | None = None) -> str:
    """What the browser does; returns the code."""
    url = authorize_url(base_url=URL, client_id="local-client", redirect_uri=BACK, pkce=pkce, state="s-1")
    async with httpx2.AsyncClient(transport=ASGITransport(double.app)) as browser:
        answer = await browser.get(url)
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["state"] == ["s-1"]
    return query["code"][0]


@pytest.mark.parametrize(
    ("grant", "form"),
    [
        pytest.param(
            ClientCredentialsGrant("c", "s", ("streams", "openid", "streams")),
            {"client_id": "c", "client_secret": "s", "grant_type": "client_credentials", "scope": "openid streams"},
            id="AUTH-01, AUTH-06",
        ),
        pytest.param(
            AuthorizationCodeGrant("c", "the code", BACK, "s"),
            {
                "client_id": "c",
                "client_secret": "s",
                "grant_type": "authorization_code",
                "redirect_uri": BACK,
                "code": "the code",
                "scope": "openid",
            },
            id="AUTH-02",
        ),
        pytest.param(
            AuthorizationCodeGrant("c", "the code", BACK, code_verifier="v" * 43),
            {
                "client_id": "c",
                "grant_type": "authorization_code",
                "redirect_uri": BACK,
                "code": "the code",
                "code_verifier": "v" * 43,
                "scope": "openid",
            },
            id="AUTH-03",
        ),
        pytest.param(
            PasswordGrant("c", "jane", "päss word", ("profile",)),
            {
                "client_id": "c",
                "grant_type": "password",
                "username": "jane",
                "password": "päss word",
                "scope": "openid profile",
            },
            id="AUTH-04",
        ),
        pytest.param(
            RefreshTokenGrant("c", "r-1", "s"),
            {
                "client_id": "c",
                "client_secret": "s",
                "grant_type": "refresh_token",
                "refresh_token": "r-1",
                "scope": "openid",
            },
            id="AUTH-05, confidential",
        ),
        pytest.param(
            RefreshTokenGrant("c", "r-1"),
            {"client_id": "c", "grant_type": "refresh_token", "refresh_token": "r-1", "scope": "openid"},
            id="AUTH-05, public",
        ),
    ],
)
async def test_each_grant_is_the_documented_form_without_the_headers_of_the_api(
    enter: Connect, double: CortiDouble, grant: Grant, form: dict[str, str]
) -> None:
    """HDR-03."""
    double.inject(Answer(200, {"access_token": double.token(), "expires_in": 300}), on=TOKEN)
    async with enter(grant) as corti:
        await use(corti, double)
    (call,) = double.token_calls
    assert call.target == "/realms/base/protocol/openid-connect/token"
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    assert call.form == {name: [value] for name, value in form.items()}
    assert "tenant-name" not in call.headers
    assert "authorization" not in call.headers


async def test_a_code_with_its_verifier_signs_in_and_the_refresh_token_keeps_it_so(
    enter: Connect, double: CortiDouble, clock: Clock
) -> None:
    """AUTH-03, AUTH-05, CLI-03; refresh tokens that work once are followed."""
    double.one_time_refresh_tokens = True
    pkce = Pkce.new()
    code = await sign_in(double, pkce)
    async with enter(AuthorizationCodeGrant("local-client", code, BACK, code_verifier=pkce.verifier)) as corti:
        for _ in range(3):
            await use(corti, double)
            clock.now += 180
    assert grants(double) == ["authorization_code", "refresh_token", "refresh_token"]


async def test_a_client_with_a_secret_redeems_a_code_and_refreshes_with_the_secret(
    enter: Connect, double: CortiDouble, clock: Clock
) -> None:
    """AUTH-02, AUTH-05."""
    code = await sign_in(double)
    async with enter(AuthorizationCodeGrant("local-client", code, BACK, "local-secret")) as corti:
        await use(corti, double)
        clock.now += 180
        await use(corti, double)
    assert double.token_calls[-1].form["client_secret"] == ["local-secret"]
    assert grants(double)[-1] == "refresh_token"


async def test_the_verifier_of_another_sign_in_is_refused_with_what_to_do(enter: Connect, double: CortiDouble) -> None:
    code = await sign_in(double, Pkce.new())
    async with enter(AuthorizationCodeGrant("local-client", code, BACK, code_verifier=Pkce.new().verifier)) as corti:
        with pytest.raises(AuthenticationError, match=r"Sign in again.*PKCE") as caught:
            await use(corti, double)
    assert (caught.value.code, caught.value.status) == ("invalid_grant", 400)


async def test_name_and_password_sign_in_and_a_wrong_password_is_told_as_such(
    enter: Connect, double: CortiDouble
) -> None:
    """AUTH-04."""
    async with enter(PASSWORD) as corti:
        await use(corti, double)
    async with enter(PasswordGrant("local-client", "jane", "not-her-password")) as corti:
        with pytest.raises(AuthenticationError, match="username and password") as caught:
            await use(corti, double)
    assert "jane" not in str(caught.value)


async def test_a_token_of_two_minutes_is_refreshed_for_every_call(enter: Connect, double: CortiDouble) -> None:
    """CLI-01, CLI-03."""
    double.expires_in = 120
    async with enter(PASSWORD) as corti:
        for _ in range(3):
            await use(corti, double)
    assert grants(double) == ["password", "refresh_token", "refresh_token"]


@pytest.mark.parametrize("lifetime", [0, 180])
async def test_a_refresh_token_that_is_none_or_has_expired_gives_way_to_the_grant(
    enter: Connect, double: CortiDouble, clock: Clock, lifetime: int
) -> None:
    """AUTH-08 (0 is none), CLI-03."""
    double.refresh_expires_in = lifetime
    async with enter(PASSWORD) as corti:
        await use(corti, double)
        clock.now += 180
        await use(corti, double)
    assert grants(double) == ["password", "password"]


@pytest.mark.parametrize("grant", [PASSWORD, CLIENT])
async def test_a_refused_refresh_token_gives_way_to_a_grant_that_can_be_repeated(
    enter: Connect, double: CortiDouble, clock: Clock, grant: Grant
) -> None:
    double.refresh_for_clients = True
    async with enter(grant) as corti:
        await use(corti, double)
        double.keycloak.revoke_refresh_tokens()
        clock.now += 180
        await use(corti, double)
    first, second, third = grants(double)
    assert (first, second) == (third, "refresh_token")


async def test_a_client_that_is_no_longer_known_is_an_error_and_no_reason_to_start_over(
    enter: Connect, double: CortiDouble, clock: Clock
) -> None:
    async with enter(PASSWORD) as corti:
        await use(corti, double)
        clock.now += 180
        double.inject(Answer(401, {"error": "invalid_client"}), on=TOKEN)
        with pytest.raises(AuthenticationError, match="CORTI_CLIENT_ID"):
            await use(corti, double)
        await use(corti, double)
    assert grants(double) == ["password", "refresh_token", "refresh_token"]


async def test_a_refresh_without_a_new_refresh_token_keeps_the_old_one(
    enter: Connect, double: CortiDouble, clock: Clock
) -> None:
    """RFC 6749, section 6."""
    answer = Answer(200, {"access_token": double.token(), "expires_in": 300, "refresh_expires_in": 0})
    double.inject(answer, on=TOKEN, times=2)
    async with enter(RefreshTokenGrant("local-client", "r-1")) as corti:
        for _ in range(2):
            await use(corti, double)
            clock.now += 180
    assert [call.form["refresh_token"] for call in double.token_calls] == [["r-1"], ["r-1"]]


async def test_a_code_is_never_presented_twice(enter: Connect, double: CortiDouble, clock: Clock) -> None:
    """CLI-03: without a refresh token the token is used to its end, then the person has to sign in again."""
    answer = Answer(200, {"access_token": double.token(), "expires_in": 300})
    double.inject(answer, on=TOKEN)
    async with enter(AuthorizationCodeGrant("local-client", "code-1", BACK)) as corti:
        for _ in range(3):
            await use(corti, double)
            clock.now += 149
        clock.now += 2
        for _ in range(2):
            with pytest.raises(AuthenticationError, match="Sign in again") as caught:
                await use(corti, double)
            assert caught.value.code == "sign_in_required"
    assert len(double.token_calls) == 1


async def test_a_code_is_not_presented_again_to_an_endpoint_in_trouble(enter: Connect, double: CortiDouble) -> None:
    """The endpoint may have taken it; presented twice, it may revoke what it brought (RFC 6749, section 4.1.2)."""
    double.inject(Answer(500), on=TOKEN)
    async with enter(AuthorizationCodeGrant("local-client", "code-1", BACK)) as corti:
        with pytest.raises(InternalServerError):
            await use(corti, double)
    assert len(double.token_calls) == 1


@pytest.mark.parametrize("by_code", [True, False])
async def test_a_refused_refresh_token_of_a_person_asks_for_a_new_sign_in(
    enter: Connect, double: CortiDouble, clock: Clock, by_code: bool
) -> None:
    pkce = Pkce.new()
    grant: Grant = RefreshTokenGrant("local-client", "never-issued")
    if by_code:
        code = await sign_in(double, pkce)
        grant = AuthorizationCodeGrant("local-client", code, BACK, code_verifier=pkce.verifier)
    async with enter(grant) as corti:
        if by_code:
            await use(corti, double)
            double.keycloak.revoke_refresh_tokens()
            clock.now += 300
        before = len(double.token_calls)
        for _ in range(2):
            with pytest.raises(AuthenticationError, match=r"(?i)sign in again") as caught:
                await use(corti, double)
            assert caught.value.code == "sign_in_required"
    assert len(double.token_calls) == before + 1


async def test_an_offline_token_that_claims_to_live_no_time_is_tried_where_nothing_else_is_left(
    enter: Connect, double: CortiDouble, clock: Clock
) -> None:
    """Keycloak says `refresh_expires_in: 0` of tokens without an end, too."""
    double.refresh_expires_in = 0
    pkce = Pkce.new()
    code = await sign_in(double, pkce)
    async with enter(AuthorizationCodeGrant("local-client", code, BACK, code_verifier=pkce.verifier)) as corti:
        await use(corti, double)
        clock.now += 180
        await use(corti, double)
    assert grants(double) == ["authorization_code", "refresh_token"]


async def test_behind_a_proxy_only_the_tenant_is_sent(enter: Connect, double: CortiDouble) -> None:
    """SDKC-09."""
    async with enter(NoAuth()) as corti:
        with pytest.raises(UnauthorizedError, match=r"the proxy at .* has to add it"):
            await use(corti, double)
    (call,) = double.calls
    assert "authorization" not in call.headers
    assert call.headers["tenant-name"] == "base"
    assert not double.token_calls


async def test_a_given_token_is_sent_as_it_is(enter: Connect, double: CortiDouble) -> None:
    token = double.token()
    async with enter(AccessToken(token)) as corti:
        await use(corti, double)
    assert double.calls[0].headers["authorization"] == f"Bearer {token}"
    assert not double.token_calls


async def test_a_tenant_that_does_not_exist_is_named_with_its_address_and_variable(
    enter: Connect, double: CortiDouble
) -> None:
    async with enter(CLIENT, tenant="bse") as corti:
        with pytest.raises(AuthenticationError) as caught:
            await use(corti, double)
    assert caught.value.status == 404
    assert f"no tenant bse at {URL}/realms: check CORTI_TENANT_NAME" in str(caught.value)


async def test_a_region_that_cannot_be_reached_is_named_with_its_variable() -> None:
    def refuse(_request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("Name or service not known")

    async with AsyncCorti(environment="eux", auth=CLIENT, transport=httpx2.MockTransport(refuse)) as corti:
        with pytest.raises(ConnectionFailed, match=r"auth\.eux\.corti\.app.*CORTI_ENVIRONMENT"):
            await corti.agents.get("any")


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (401, "invalid_client", "CORTI_CLIENT_ID"),
        (401, "unauthorized_client", "CORTI_CLIENT_SECRET"),
        (400, "unauthorized_client", "may not use this grant"),
        (400, "invalid_scope", "scopes"),
        (400, "unsupported_grant_type", "does not offer the grant"),
        (400, "invalid_grant", "CORTI_CLIENT_ID and CORTI_CLIENT_SECRET"),
        (403, "something_new", "CORTI_ENVIRONMENT or CORTI_BASE_URL"),
    ],
)
async def test_each_refusal_of_the_login_names_what_to_check(
    enter: Connect, double: CortiDouble, status: int, code: str, remedy: str
) -> None:
    """AUTH-09."""
    double.inject(Answer(status, {"error": code, "error_description": "whatever"}), on=TOKEN)
    async with enter(CLIENT) as corti:
        with pytest.raises(AuthenticationError, match=remedy) as caught:
            await use(corti, double)
    assert (caught.value.code, caught.value.status) == (code, status)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        {"code": "unauthorized", "description": "no"},
        {"error": {"code": "UNAUTHORIZED", "message": "no"}},
        {"error": {"code": 401, "status": "UNAUTHENTICATED", "message": "no"}},
        {"error": "invalid_token", "error_description": "no"},
        {"requestid": "r", "status": 401, "type": "unauthorized", "detail": "no"},
    ],
)
async def test_a_401_of_the_api_raises_and_names_region_and_tenant(
    enter: Connect, double: CortiDouble, body: bytes | dict[str, object]
) -> None:
    """CLI-04, AUTH-10 (the body may be empty)."""
    double.inject(Answer(401, body))
    async with enter(CLIENT) as corti:
        with pytest.raises(UnauthorizedError) as caught:
            await use(corti, double)
    assert f"of tenant base at {URL}/realms: check CORTI_ENVIRONMENT" in str(caught.value)
    assert caught.value.how_to_fix is None
    assert len(double.token_calls) == 1


async def test_a_refresh_that_met_no_network_is_tried_again(clock: Clock, double: CortiDouble) -> None:
    inner = ASGITransport(double.app)
    is_down: list[bool] = []

    class Flaky(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if is_down:
                raise httpx2.ConnectError("down")
            return await inner.handle_async_request(request)

    async with AsyncCorti(base_url=URL, auth=PASSWORD, transport=Flaky(), clock=clock) as corti:
        await use(corti, double)
        clock.now += 180
        is_down.append(True)
        with pytest.raises(ConnectionFailed):
            await use(corti, double)
        is_down.clear()
        await use(corti, double)
    assert grants(double) == ["password", "refresh_token"]
