"""What the card declares is what is asked for, on every binding (A2A-SEC-01, A2A-XC-02, A2A-HTTP-09)."""

from __future__ import annotations

import base64
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from google.protobuf.json_format import MessageToDict

from agentkit.a2a import (
    AllOf,
    ApiKeyAuth,
    BearerAuth,
    Gate,
    InheritAuth,
    IntrospectionAuth,
    MutualTlsAuth,
    OAuthAuth,
    Security,
    build_card,
)
from agentkit.a2a.presented import Presented
from agentkit.compose import Caller
from agentkit.errors import AccessRefused, SpecError
from agentkit.oauth import Issuers, SigningKeys
from tests.a2a.desk import Desk

pytestmark = pytest.mark.anyio

ISSUER = "https://login.example.org/realms/ward"
RESOURCE = "https://agents.example.org"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEYS = SigningKeys()


def token(**changes: Any) -> str:
    claims: dict[str, Any] = {"iss": ISSUER, "sub": "nurse-7", "aud": RESOURCE, "exp": int(time.time()) + 60}
    return KEYS.sign({name: value for name, value in (claims | changes).items() if value is not None})


def presented(peer: str = "198.51.100.7", query: str = "", **headers: str) -> Presented:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Presented(pairs, query.encode(), peer)


def bearer(value: str) -> Presented:
    return presented(authorization=f"Bearer {value}")


async def caller(security: Security, request: Presented, **gate: Any) -> Caller:
    async with Gate(security, resource=RESOURCE, now=lambda: NOW, **gate).enter(request) as found:
        return found


async def refused(security: Security, request: Presented, **gate: Any) -> AccessRefused:
    with pytest.raises(AccessRefused) as caught:
        await caller(security, request, **gate)
    return caught.value


def declared(security: Security) -> dict[str, Any]:
    card: dict[str, Any] = MessageToDict(build_card(Desk(), url=RESOURCE, security=security))
    return {name: card.get(name) for name in ("securitySchemes", "securityRequirements")}


@pytest.mark.parametrize("name", ["alice", "bob"])
async def test_a_token_of_a_holder_names_the_holder(name: str) -> None:
    security = Security(BearerAuth({"alice": "alice-token", "bob": "bob-token"}))
    found = await caller(security, bearer(f"{name}-token"))
    assert (found.owner, found.tenant, found.bearer) == (name, "", f"{name}-token")
    assert "token" not in repr(security).replace("tokens", "")


@pytest.mark.parametrize(
    ("location", "request_"),
    [
        ("header", presented(x_key="k-1")),
        ("query", presented(query="a=b&X-Key=k-1")),
        ("cookie", presented(cookie='theme=dark; X-Key="k-1"')),
    ],
)
async def test_a_key_is_taken_where_the_card_says_and_nowhere_else(location: Any, request_: Presented) -> None:
    security = Security(ApiKeyAuth({"ward": "k-1"}, name="X-Key", location=location))
    assert (await caller(security, request_)).owner == "ward"
    assert declared(security) == {
        "securitySchemes": {"apiKey": {"apiKeySecurityScheme": {"location": location, "name": "X-Key"}}},
        "securityRequirements": [{"schemes": {"apiKey": {}}}],
    }
    others = [presented(x_key="k-1"), presented(query="X-Key=k-1"), presented(cookie="X-Key=k-1")]
    places = ["header", "query", "cookie"]
    for place, other in zip(places, others, strict=True):
        if place != location:
            error = await refused(security, other)
            assert (error.status, error.challenges) == (401, (f'ApiKey realm="agentkit", {location}="X-Key"',))
    assert (
        await refused(security, presented(x_key="k-2", cookie="X-Key=k-2", query="X-Key=k-2"))
    ).code == "invalid_token"


async def test_a_credential_that_is_sent_twice_is_none() -> None:
    twice = Presented([(b"authorization", b"Bearer t-1"), (b"authorization", b"Bearer t-1")], b"k=1&k=1", None)
    assert (await refused(Security(BearerAuth({"a": "t-1"})), twice)).status == 401
    assert (await refused(Security(ApiKeyAuth({"a": "1"}, name="k", location="query")), twice)).status == 401


async def test_a_token_of_an_issuer_names_issuer_and_subject_and_its_tenant() -> None:
    security = Security(OAuthAuth(ISSUER, KEYS, ("desk",), tenant_claim="org"))
    good = token(scope="desk other", org="clinic-1")
    found = await caller(security, bearer(good))
    assert (found.owner, found.tenant, found.bearer) == (f"{ISSUER}|nurse-7", "clinic-1", good)
    assert declared(security) == {
        "securitySchemes": {
            "openIdConnect": {
                "openIdConnectSecurityScheme": {"openIdConnectUrl": f"{ISSUER}/.well-known/openid-configuration"}
            }
        },
        "securityRequirements": [{"schemes": {"openIdConnect": {"list": ["desk"]}}}],
    }


async def test_a_token_without_the_claim_that_names_its_tenant_is_refused() -> None:
    security = Security(OAuthAuth(ISSUER, KEYS, tenant_claim="org"))
    for org in (None, "", 5):
        assert (await refused(security, bearer(token(org=org)))).status == 401


async def test_a_token_without_a_scope_is_forbidden_and_told_which_one() -> None:
    security = Security(OAuthAuth(ISSUER, KEYS, ("desk", "ward")))
    error = await refused(security, bearer(token(scope="desk")))
    assert (error.status, error.code) == (403, "insufficient_scope")
    assert error.challenges == ('Bearer realm="agentkit", error="insufficient_scope", scope="desk ward"',)


def _unsigned() -> str:
    claims = {"iss": ISSUER, "sub": "nurse-7", "aud": RESOURCE, "exp": int(time.time()) + 60}
    return jwt.encode(claims, "", algorithm="none")


def _by_another() -> str:
    claims = {"iss": ISSUER, "sub": "nurse-7", "aud": RESOURCE, "exp": int(time.time()) + 60}
    key = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(claims, key, algorithm="ES256", headers={"kid": KEYS.key_id})


@pytest.mark.parametrize(
    "wrong",
    [
        "not-a-jwt",
        "a.b.c",
        "..",
        "\x7f" * 10,
        "x" * 100_000,
        _unsigned(),
        _by_another(),
        token(exp=int(time.time()) - 60),
        token(nbf=int(time.time()) + 600),
        token(aud="https://other.example.org"),
        token(iss="https://evil.example.org"),
        token(sub=None),
        token(typ="refresh"),
        token(cnf={"jkt": "x"}),
        token()[:-4] + "AAAA",
    ],
    ids=map(str, itertools.count()),  # what is made anew in each process has no name
)
async def test_a_token_that_is_not_for_this_server_is_refused_without_a_word_of_it(wrong: str) -> None:
    error = await refused(Security(OAuthAuth(ISSUER, KEYS)), bearer(wrong))
    assert (error.status, error.code) == (401, "invalid_token")
    assert error.challenges == ('Bearer realm="agentkit", error="invalid_token"',)
    assert wrong not in f"{error} {error.remedy}"


class Issuer:
    """An issuer's HTTP server, or what is left of it."""

    def __init__(self, status: int = 200, **documents: Any) -> None:
        self.status = status
        self.documents = documents
        self.asked = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked += 1
        path = request.url.path.rpartition("/")[2]
        if self.status != 200 or path not in self.documents:
            return httpx2.Response(self.status if self.status != 200 else 404)
        return httpx2.Response(200, json=self.documents[path])

    def issuers(self) -> Issuers:
        return Issuers(httpx2.AsyncClient(transport=httpx2.MockTransport(self)))


async def test_while_the_keys_cannot_be_fetched_the_caller_is_told_to_come_back() -> None:
    security = Security(OAuthAuth(ISSUER, f"{ISSUER}/jwks"))
    issuer = Issuer(503)
    gate = Gate(security, resource=RESOURCE, issuers=issuer.issuers())
    for _ in range(50):
        with pytest.raises(AccessRefused) as caught:
            async with gate.enter(bearer(token())):
                pytest.fail("it was let in")
        assert (caught.value.status, caught.value.retry_after, caught.value.challenges) == (503, 5, ())
    assert issuer.asked <= 3
    issuer.status, issuer.documents = 200, {"jwks": KEYS.jwks()}
    found = await caller(security, bearer(token()), issuers=issuer.issuers())
    assert found.owner == f"{ISSUER}|nurse-7"


async def test_a_wrong_kid_is_looked_up_and_then_refused() -> None:
    issuer = Issuer(jwks=SigningKeys().jwks())
    security = Security(OAuthAuth(ISSUER, f"{ISSUER}/jwks"))
    assert (await refused(security, bearer(token()), issuers=issuer.issuers())).status == 401
    assert issuer.asked == 1


async def test_an_issuer_is_asked_about_opaque_tokens_and_never_shown_those_of_another() -> None:
    answer = {"active": True, "sub": "nurse-7", "aud": RESOURCE, "exp": int(time.time()) + 60, "scope": "desk"}
    issuer = Issuer(introspect=answer)
    auth = IntrospectionAuth(ISSUER, "server", "server-secret", ("desk",), endpoint=f"{ISSUER}/introspect")
    found = await caller(Security(auth), bearer("opaque-1"), issuers=issuer.issuers())
    assert found.owner == f"{ISSUER}|nurse-7"
    assert "server-secret" not in repr(auth)
    asked = issuer.asked
    assert (
        await refused(Security(auth), bearer(token(iss="https://b.example")), issuers=issuer.issuers())
    ).status == 401
    assert issuer.asked == asked
    down = await refused(Security(auth), bearer("opaque-2"), issuers=Issuer(500).issuers())
    assert down.status == 503


async def test_a_token_is_inherited_where_its_party_is_named() -> None:
    security = Security(InheritAuth(ISSUER, ("corti-app",), KEYS))
    mine = token(aud="account", azp="corti-app")
    assert (await caller(security, bearer(mine))).bearer == mine
    assert (await refused(security, bearer(token(aud="account", azp="other")))).status == 401


def certificate(uri: str | None = None, *, days: int = 30, subject: str = "ward-client") -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Clinic CA")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
    )
    if uri is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), False)
    return builder.sign(key, hashes.SHA256())


def client_cert(one: x509.Certificate) -> str:
    return f":{base64.b64encode(one.public_bytes(Encoding.DER)).decode()}:"


def pem(one: x509.Certificate) -> str:
    return quote(one.public_bytes(Encoding.PEM).decode())


MTLS = Security(MutualTlsAuth(), trusted_proxies=["10.0.0.0/8", "::1"])
ENVOY = Security(MutualTlsAuth("x-forwarded-client-cert"), trusted_proxies=["10.0.0.0/8"])


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "::1"])
async def test_a_certificate_that_the_proxy_vouches_for_names_its_subject(peer: str) -> None:
    request = presented(peer, client_cert=client_cert(certificate()))
    assert (await caller(MTLS, request)).owner == "CN=Clinic CA|CN=ward-client"
    spiffe = presented(peer, client_cert=client_cert(certificate("spiffe://clinic/ward")))
    assert (await caller(MTLS, spiffe)).owner == "CN=Clinic CA|spiffe://clinic/ward"
    assert declared(MTLS)["securityRequirements"] == [{"schemes": {"mutualTls": {}}}]
    assert "mtlsSecurityScheme" in declared(MTLS)["securitySchemes"]["mutualTls"]


@pytest.mark.parametrize("peer", ["198.51.100.7", "127.0.0.1", "", "testclient", "11.0.0.1", "2001:db8::1"])
async def test_a_forged_header_of_somebody_who_is_no_proxy_is_not_even_looked_at(peer: str) -> None:
    header = client_cert(certificate())
    error = await refused(
        MTLS, presented(peer, client_cert=header, x_forwarded_for="10.1.2.3", forwarded="for=10.1.2.3")
    )
    assert (error.status, error.code) == (401, "missing_credential")
    assert error.challenges == ('ClientCertificate realm="agentkit"',)


@pytest.mark.parametrize(
    "header",
    [
        "",
        ":",
        "::",
        ":not base64:",
        f":{base64.b64encode(b'no certificate').decode()}:",
        client_cert(certificate(days=-1)),
        client_cert(certificate()) + ", " + client_cert(certificate()),
        ":" + "A" * 100_000 + ":",
    ],
    ids=map(str, itertools.count()),  # what is made anew in each process has no name
)
async def test_what_is_no_valid_certificate_lets_nobody_in(header: str) -> None:
    assert (await refused(MTLS, presented("10.0.0.1", client_cert=header))).status == 401


@pytest.mark.parametrize(
    ("header", "owner"),
    [
        ('By=spiffe://clinic/a;Hash=ab12;Subject="CN=ward;O=\\"Clinic\\""', '|CN=ward;O="Clinic"'),
        ("Hash=ab12;URI=spiffe://clinic/ward;Subject=CN", "|spiffe://clinic/ward"),
        ("Hash=ab12", "|ab12"),
        (f'Hash=ab12;Cert="{pem(certificate())}"', "CN=Clinic CA|CN=ward-client"),
        ("URI=a,URI=b", None),
        ("Hash=a;Hash=b", None),
        ("By=spiffe://clinic/a", None),
        ('Subject="unfinished', None),
        ("nonsense", None),
        ('Cert="nonsense"', None),
    ],
    ids=map(str, itertools.count()),  # what is made anew in each process has no name
)
async def test_what_envoy_says_of_a_certificate_is_read_and_several_elements_are_none(
    header: str, owner: str | None
) -> None:
    request = presented("10.0.0.1", x_forwarded_client_cert=header)
    if owner is None:
        assert (await refused(ENVOY, request)).status == 401
    else:
        assert (await caller(ENVOY, request)).owner == owner


async def test_only_those_who_are_named_are_let_in_where_somebody_is() -> None:
    auth = MutualTlsAuth(allowed=frozenset({"CN=Clinic CA|CN=ward-client"}))
    security = Security(auth, trusted_proxies=["10.0.0.1"])
    assert await caller(security, presented("10.0.0.1", client_cert=client_cert(certificate())))
    other = presented("10.0.0.1", client_cert=client_cert(certificate(subject="other")))
    assert (await refused(security, other)).status == 401


async def test_any_alternative_is_enough_and_all_of_one_are_needed() -> None:
    both = AllOf(OAuthAuth(ISSUER, KEYS, ("desk",), tenant_claim="org"), ApiKeyAuth({"gateway": "k-1"}))
    security = Security(both, BearerAuth({"ops": "ops-token"}))
    good = token(scope="desk", org="clinic-1")
    assert declared(security)["securityRequirements"] == [
        {"schemes": {"openIdConnect": {"list": ["desk"]}, "apiKey": {}}},
        {"schemes": {"bearer": {}}},
    ]
    assert (await caller(security, bearer("ops-token"))).owner == "ops"
    found = await caller(security, presented(authorization=f"Bearer {good}", x_api_key="k-1"))
    assert (found.owner, found.tenant) == (f"{ISSUER}|nurse-7", "clinic-1")
    for lacking in (bearer(good), presented(x_api_key="k-1"), presented(authorization=f"Bearer {good}", x_api_key="k")):
        assert (await refused(security, lacking)).status == 401
    nothing = await refused(security, presented())
    assert nothing.code == "missing_credential"
    assert {one.split()[0] for one in nothing.challenges} == {"Bearer", "ApiKey"}


async def test_where_credentials_are_optional_wrong_ones_still_are_wrong() -> None:
    security = Security(BearerAuth({"ops": "ops-token"}), optional=True)
    assert security.is_open
    assert (await caller(security, presented())).owner == ""
    assert (await caller(security, bearer("ops-token"))).owner == "ops"
    assert (await refused(security, bearer("wrong"))).status == 401
    assert declared(security)["securityRequirements"] == [{"schemes": {"bearer": {}}}, {}]


async def test_two_schemes_of_one_kind_have_names_of_their_own() -> None:
    security = Security(OAuthAuth(ISSUER, KEYS), OAuthAuth("https://b.example", KEYS), OAuthAuth(ISSUER, KEYS))
    assert list(security.schemes) == ["openIdConnect", "openIdConnect2"]
    assert len(security.requirements) == 3


async def test_a_token_url_makes_it_oauth_2() -> None:
    auth = OAuthAuth(ISSUER, KEYS, ("desk",), token_url=f"{ISSUER}/token", authorization_url=f"{ISSUER}/authorize")
    (scheme,) = declared(Security(auth))["securitySchemes"].values()
    flow = scheme["oauth2SecurityScheme"]["flows"]["authorizationCode"]
    assert (flow["tokenUrl"], flow["authorizationUrl"], flow["pkceRequired"]) == (
        f"{ISSUER}/token",
        f"{ISSUER}/authorize",
        True,
    )
    assert scheme["oauth2SecurityScheme"]["oauth2MetadataUrl"] == (
        "https://login.example.org/.well-known/oauth-authorization-server/realms/ward"
    )


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: BearerAuth({}), "BearerAuth.tokens"),
        (lambda: BearerAuth({"a": ""}), "must not be empty"),
        (lambda: BearerAuth({"a": "t", "b": "t"}), "two holders have the same secret"),
        (lambda: BearerAuth({"a": "two words"}), "visible ASCII"),
        (lambda: ApiKeyAuth({"a": "k"}, name="Authorization"), "ApiKeyAuth.name"),
        (lambda: ApiKeyAuth({"a": "k"}, name="X Key"), "ApiKeyAuth.name"),
        (lambda: ApiKeyAuth({"a": "k"}, location="body"), "header, query or cookie"),  # pyright: ignore[reportArgumentType]
        (lambda: OAuthAuth(""), "OAuthAuth.issuer"),
        (lambda: OAuthAuth(ISSUER, None, ("a b",)), "required_scopes"),
        (lambda: OAuthAuth(ISSUER, authorization_url="https://x.example"), "token_url"),
        (lambda: InheritAuth(ISSUER, ()), "InheritAuth"),
        (lambda: Security(MutualTlsAuth()), "trusted_proxies"),
        (lambda: Security("bearer"), "str is no scheme"),  # pyright: ignore[reportArgumentType]
        (lambda: Security(trusted_proxies=["everywhere"]), "trusted_proxies"),
        (lambda: AllOf(), "AllOf"),
        (lambda: Gate(Security(OAuthAuth("http://login.example.org")), resource=RESOURCE), "https"),
        (lambda: Gate(Security(OAuthAuth(ISSUER))), "audience"),
        (lambda: Gate(Security(IntrospectionAuth(ISSUER, "", "")), resource=RESOURCE), "introspection"),
    ],
)
def test_what_would_let_in_anybody_or_nobody_is_refused_when_it_is_written(make: Any, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        make()


async def test_metadata_of_grpc_counts_like_headers_a2a_http_09() -> None:
    security = Security(BearerAuth({"ops": "ops-token"}))
    request = Presented.of_metadata([("authorization", "Bearer ops-token"), ("x-bin", b"\x00")], "ipv4:192.0.2.1:5")
    assert (await caller(security, request)).owner == "ops"
    proxied = Presented.of_metadata([("Client-Cert", client_cert(certificate()))], "ipv6:%5B::1%5D:50051")
    assert (await caller(MTLS, proxied)).owner == "CN=Clinic CA|CN=ward-client"
    assert Presented.of_metadata([], "unix:/run/a.sock").peer is None
    assert Presented.of_metadata([], None).peer is None
