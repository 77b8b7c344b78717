"""The currencies that an order may name.

A table of our own and not a library's: which rows are accepted must not change with an upgrade
that nobody looked at, and no published list leaves out what cannot be dealt.

Source: ISO 4217 list one (SIX, active codes), without the codes that name no money that a spot
order could deal in: bond-market and accounting units (XAD, XBA-XBD, XDR, XSU, XUA), fund and index
units (BOV, CHE, CHW, CLF, COU, MXV, USN, UYI, UYW), testing (XTS) and "no currency" (XXX).
"""

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO
NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE
SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
VUV WST XAF XAG XAU XCD XCG XOF XPD XPF XPT YER ZAR ZMW ZWG
"""

ISO_4217 = frozenset(_CODES.split())

MARKET_CODES = frozenset({"CNH"})
"""Codes that the market deals under and ISO does not list: CNH is the yuan outside China."""
