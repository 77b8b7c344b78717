"""What words in headers mean: data for `suspicion`. Used by `sheet` only.

Three kinds of words. Some belong to the order fields, and come from the headers that are known.
Some change what an order is; their table says how. Some are a desk's own and say nothing about the
order; they are never taken for a misspelling of the others.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABBREVIATIONS = {
    "account": "acc accnt acct acnt ac compte conto cuenta konto",
    "amount": "amnt amt amts betrag importe montant",
    "client": "cl cli clt",
    "currency": "ccy crncy cur curr currencies curncy devise divisa moneda valuta wahrung waehrung",
    "dealt": "dlt",
    "direction": "dir richtung sens",
    "expiry": "exp expiration expire expires expir",
    "id": "ids uid",
    "instrument": "instr",
    "limit": "lim limite lmt",
    "min": "minimum mindest",
    "notional": "nominal notl ntl ntnl",
    "number": "nbr no nos nr num numero nummer",
    "order": "auftrag orden ord orders ordre",
    "org": "organisation organization orgn",
    "price": "kurs precio preis prezzo prix prc px",
    "quantity": "menge qnty qties qty quant quantities",
    "seconds": "sec second secs",
    "symbol": "sym symb",
    "time": "tm uhrzeit",
}
CANONICAL = {short: word for word, shorts in _ABBREVIATIONS.items() for short in shorts.split()}
"""An abbreviation, or the word of another language → the word that stands for it."""

FILLERS = _words("fx number in co b s of the a an for our my your")
"""Words of known headers, and others, that mean nothing by themselves."""

WEAK = {
    "order": ("client_order_id",),
    "id": ("client_order_id",),
    "deal": ("currency", "client_order_id"),
    "time": ("time_in_force", "expiry_time"),
    "date": (),
}
"""Words that many desks use for things of their own, too → the fields that they may mean."""

_CHANGES = {
    "side": "way verb long short bid offer pay receive",
    "size": "face volume vol",
    "price": "level cap ceiling worst quote exit",
    "currency": "base contra term",
    "time_in_force": "gtc ioc fok gtt",
    "min_size": "maq",
    "account": "behalf giveup",
    "the opening or closing of a position": "position capacity",
    "the kind of order": "type typ kind category class art instruction instructions product style"
    " auftragsart ordertype ordtype security",
    "a stop or trigger price": "stop stp stops stopped trigger trig trail trailing trl trlng"
    " activation guaranteed activate touch touched if oco bracket contingent contingency"
    " conditional condition cond barrier sl loss",
    "a price that moves with the market": "peg pegged discretion discretionary slippage deviation"
    " tolerance",
    "a bound of its own": "max maximum",
    "a way of working the order": "strategy strat strategie algo algorithm algorithmic twap vwap"
    " pov participation slice slices clip clips interval urgency aggression execution exec"
    " benchmark",
    "the day on which it settles": "tenor value settle settles settlement settl sttl delivery"
    " maturity matures forward forwards fwd swap swaps far leg legs ndf prompt valeur broken due"
    " vd val tom",
    "a fixing": "fixing fixings fix wmr bfix ecb",
    "an option": "option options strike premium call put",
    "a state in which it is not to be sent": "not outcome status stat sts state action cancel"
    " cancels canceled cancelled cancellation cxl replace replaced amend amended modify hold"
    " held suspend suspended active inactive enabled disabled live void delete deleted remove"
    " removed skip include included exclude excluded send sent release released done executed"
    " filled working remaining leaves outstanding balance rest open closed approved approval"
    " rejected confirmed authorised authorized ready draft paused parked withdrawn ignore"
    " ignored dead result results phase pending complete completed estado statut etat",
    "a place to trade it at": "exchange exch venue destination dest route routing market ecn",
    "a part of it to show": "visible display displayed show shown hidden iceberg reserve peak"
    " disclosed dark refresh",
    "a target of its own": "take profit tp target",
    "an end of its life": "good gtd till until valid validity duration deadline lifetime"
    " gultigkeit gueltigkeit",
    "a time to send it at": "start end effective schedule scheduled delay session auction when",
    "a condition on part fills": "aon partial partials reduce only",
    "a unit of its numbers": "unit units lot lots multiplier multiple factor scale denomination"
    " percent permille contracts mio mn mm million millions thousand thousands",
}
CHANGES = {word: what for what, words in _CHANGES.items() for word in words.split()}
"""A word that changes what an order is → how."""

OWN = _words(
    "trader traders desk desks book books user users owner person people employee dealer"
    " broker brokers bank banks counterparty counterparties cpty entity branch fund funds"
    " portfolio portfolios ptf group team manager sales salesperson seller region country city"
    " office location department dept division company business centre center cost project"
    " source system file row line seq sequence batch approver checker maker reviewer requester"
    " requestor member channel section site seat by at on run version correction reason"
    " purpose rationale initials signature role contact email phone taker giver upload zone"
)
"""A desk's own words: `Desk ID`, `Order source`."""

RECORDS = _words(
    "trade entry entered create created creation update updated received booked booking input"
    " captured requested request modified report as approval approved stamp timestamp log"
    " uploaded submitted"
)
"""What a date or time beside it only records: `Trade Date`, `Entry Time`."""

RIGHT_WORDS = (
    OWN
    | RECORDS
    | _words(
        "name names ref refs reference code codes key ticket tickets day days week month year"
        " quarter total item index description desc details detail text info information"
        " subject title label labels tag tags colour color priority risk hedge hedges exposure"
        " link url national mount shop paid fair prime mid bus fin main fee fees commission"
        " comp company part form cell late file full bill state source spot average avg"
        " accounting accountant accountants trades trading treasury desktop purpose local"
        " global internal external manual auto tax pay key site fate gate trial train page"
        " channel party parties lei isin bic direct corporate institution mandate facility"
        " offset executing decision change changes changed marker floor all designation"
        " conviction basket sector beta custodian weight model theme signal"
    )
)
"""Words that are spelt right, so that they are never taken for a misspelling of another."""

NOTES = _words("note notes comment comments remark remarks memo")

NAMES_OF_A_DESK = {
    "strategy": _words("name names owner desk book books group team manager"),
    "strat": _words("name owner desk book group team manager"),
    "profit": _words("centre center"),
    "target": _words("weight weights allocation"),
    "unit": _words("business org"),
    "dealt": _words("by"),
    "market": _words("sector segment"),
    "approval": _words("ref reference date time code number level"),
    "approved": _words("on at date time"),
    "class": _words("asset cost"),
    "end": _words("month quarter year"),
    "short": _words("name code description"),
    "level": _words("approval"),
}
"""A word that changes an order → words beside which it is but the name of a desk's own thing.

`Strategy` or `Algo Strategy` may say how an order is to be worked; `Strategy name` is what a fund
calls the reason for which it deals.
"""
