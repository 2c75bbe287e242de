"""What the API refuses, by number."""

from __future__ import annotations

from typing import Final

from kedge.units import Refusal

BAD_BODY: Final = Refusal(1501, "BAD_BODY", "the body is not the JSON that this route takes")
BODY_TOO_LARGE: Final = Refusal(
    1502, "BODY_TOO_LARGE", "the body is larger than 1 MiB; send fewer transactions at once"
)
NOT_JSON: Final = Refusal(1503, "NOT_JSON", "the content type must be application/json")
NO_TOKEN: Final = Refusal(1504, "NO_TOKEN", "this route needs the token of DIR/operator.token as a bearer token")
NODE_ONLY: Final = Refusal(1505, "NODE_ONLY", "this states a fact of L1 or of the clock; the node alone submits it")
BAD_QUERY: Final = Refusal(1506, "BAD_QUERY", "a query parameter is unknown or outside its bounds")
NO_ROUTE: Final = Refusal(1507, "NO_ROUTE", "there is nothing at this path")
BAD_METHOD: Final = Refusal(1508, "BAD_METHOD", "this path does not take this method")
NO_ACCOUNT: Final = Refusal(1509, "NO_ACCOUNT", "no account of this number has an owner")
NO_MARKET: Final = Refusal(1510, "NO_MARKET", "no market of this number is open")
BAD_HOST: Final = Refusal(1514, "BAD_HOST", "the node does not answer under this Host; --allow-host NAME lets it")
BAD_ORIGIN: Final = Refusal(1515, "BAD_ORIGIN", "the node does not speak to pages of other sites")

API_REFUSALS: Final = (
    BAD_BODY,
    BODY_TOO_LARGE,
    NOT_JSON,
    NO_TOKEN,
    NODE_ONLY,
    BAD_QUERY,
    NO_ROUTE,
    BAD_METHOD,
    NO_ACCOUNT,
    NO_MARKET,
    BAD_HOST,
    BAD_ORIGIN,
)
