"""Headers as sheets of brokers, treasury systems and in-house blotters have them.

A `!` stands before a header that a careful person would not let pass: it may be meant as an order
field, or it changes what the order is. Everything else is known or a desk's own. The marks were set
by reading the headers, not by running the program.
"""

from __future__ import annotations

HEADER_SETS = {
    "macro fund": "Trader|Book|Strategy name|Pair|Side|Amount|Limit|TIF|Comment",
    "macro fund with conviction": "Idea|Conviction|PM|Symbol|Side|Size|Price|TIF|Notes",
    "real money": "Fund Code|Portfolio|Mandate|Ccy Pair|B/S|Dealt Ccy|Notional|Limit Rate|TIF",
    "corporate treasury": "Entity|Cost Centre|Currency Pair|Buy/Sell|Amount|Rate|TIF|Purpose|Ref",
    "corporate treasury, approved": "Entity|Pair|Side|Amount|Rate|TIF|Entered by|Approved by",
    "corporate treasury, forwards": "Entity|Pair|Side|Amount|Rate|TIF|!Value Date|Hedge ref",
    "corporate treasury, settlement": "Pair|Side|Amount|Rate|TIF|!Settlement Date|!Settlement Acct",
    "bank branch": "Branch|Region|Customer|Pair|Side|Qty|Limit Price|TIF|Salesperson|Margin",
    "bank branch, on behalf": "Branch|!Client|Pair|Side|Qty|Limit Price|TIF|Org|Account",
    "hedging desk": "Exposure|Hedge Designation|Symbol|Side|Size|Price|TIF|Quarter|Approver",
    "equity desk's overlay": "Fund|Benefit|Symbol|Direction|Quantity|Limit|TIF|Basket|Wave",
    "quant desk": "Signal|Model|Weight|NAV|Symbol|Side|Size|Price|TIF|Run",
    "quant desk, algos": "Signal|Symbol|Side|Size|Price|TIF|!Algo|!Start Time|!End Time",
    "execution desk": "Symbol|Side|Size|Price|TIF|!Strategy|!Participation|!Urgency",
    "execution desk, iceberg": "Symbol|Side|Size|!Display Qty|Price|TIF|Desk",
    "FIX tags": "ClOrdID|Symbol|Side|OrderQty|OrdType|Price|TimeInForce|Currency|Account|Org",
    "FIX tags, all": "ClOrdID|Symbol|Side|OrderQty|OrdType|Price|!StopPx|TIF|!ExDestination",
    "FIX drop copy": "ClOrdID|Symbol|Side|OrderQty|Price|TimeInForce|!OrdStatus|!CumQty|!LeavesQty",
    "retail platform export": "Symbol|!Deal Type|Side|!Lots|Amount|Price|TIF",
    "retail platform, brackets": "Symbol|Side|Size|Limit Price|TIF|!S/L|!T/P|Comment",
    "broker's order pad": "Instrument|Order Type|Direction|Quantity|Limit Price|TIF|Trader ID",
    "broker's order pad, stops": "Instrument|Direction|Quantity|Limit Price|!Stop Price|TIF|!Trail",
    "broker's basket": "Symbol|Side|Quantity|Limit Price|TIF|!Exchange|Account|Org|Basket",
    "single-dealer platform": "Pair|Side|Dealt Currency|Dealt Amount|Limit Rate|TIF|!Tenor",
    "multi-dealer platform": "Ccy Pair|Side|Dealt Ccy|Amount|Limit Rate|TIF|Provider|!Fixing",
    "multi-dealer platform, NDF": "Ccy Pair|Side|Amount|Rate|TIF|!Fixing Date|!NDF",
    "treasury system export": "!Deal Number|Company|Currency Pair|Direction|Amount|Rate|TIF",
    "treasury system, German": "Pair|Side|Amount|Limit|TIF|Kostenstelle|H\u00e4ndler|!W\u00e4hrung",
    "treasury system, French": "Pair|Side|Amount|Limit|TIF|Centre de co\u00fbt|!Devise|Remarques",
    "ERP request": "Request|Company Code|Profit Centre|Pair|Side|Amount|Rate|TIF|Requester|Invoice",
    "ERP request, workflow": "Request|Pair|Side|Amount|Rate|TIF|!Status|Requester",
    "asset manager's OMS": "!Order ID|Portfolio|Symbol|Side|Size|Price|TIF|PM|Dealer",
    "asset manager's OMS, allocation": "Symbol|Side|Size|Price|TIF|Custodian|Fund|LEI|Trade Date",
    "in-house blotter": "#|Date Entered|Trader|Pair|Side|Amount|Limit|TIF|Desk|Book|Comment 2",
    "in-house blotter, times": "Entry Time|Trader|Pair|Side|Amount|Limit|TIF|Updated|Version",
    "in-house blotter, results": "Pair|Side|Amount|Limit|TIF|!Filled|!Avg Px|!Remaining|Trader",
    "in-house blotter, actions": "!Action|Pair|Side|Amount|Limit|TIF|Trader|Notes",
    "in-house blotter, prices": "Pair|Side|Amount|Limit|TIF|Mid|Offset (bp)|Source|Trader",
    "in-house blotter, reference prices": "Pair|Side|Amount|Limit Price|TIF|Market Rate|Trader",
    "in-house blotter, checks": "Pair|Side|Amount|Limit|TIF|Checker|Maker|Amount check|Initials",
    "spreadsheet of 1998": "No.|PAIR|B/S|AMOUNT|LIMIT|TIF|REMARK|INIT.",
    "typing mistakes": "Client Order ID|Pair|Side|!Dealt Curency|Amount|Limit Price|TIF|Note",
    "typing mistakes, account": "Pair|Side|Amount|Limit|TIF|Org|!Acount|Trader",
    "second ID": "Client Order ID|!Account No|Pair|Side|Amount|Limit|TIF|Desk",
    "old and new": "Pair|Side|Amount|!Old Amount|Limit|TIF|Reason",
    "our template with more": "client_order_id|symbol|side|size|price|time_in_force|trader|desk",
    "our corrections": "client_order_id|symbol|side|size|price|time_in_force|correction_reason",
    "our results": "symbol|side|size|price|time_in_force|!final_state|!filled_size|!average_price",
    "units in millions": "Pair|Side|Amount|!Unit|Limit|TIF|Trader",
    "discretion": "Pair|Side|Amount|Limit|TIF|!Discretion|!Max slippage|Trader",
    "resting orders": "Pair|Side|Amount|Limit|TIF|!Good Till Date|Desk|Owner",
    "take-profit orders": "Pair|Side|Amount|Limit|TIF|!Take Profit|!OCO|Trader",
    "option desk's delta hedge": "Pair|Side|Amount|Limit|TIF|Book|!Strike|!Option Expiry|Delta",
    "expiry as a date": "Pair|Side|Amount|Limit|TIF|!Expiry Date|Trader",
    "shared sheet with a hold column": "Pair|Side|Amount|Limit|TIF|!Hold?|!Sent|Trader",
    "payment run": "Payment Run|Supplier|Pair|Side|Amount|Rate|TIF|Invoice|Due Diligence",
}


def _headers(text: str) -> list[str]:
    return "".join(line.strip() for line in text.splitlines()).split("|")


DESKS_OWN = _headers(
    """
    Sub-desk|Originator|Relationship Manager|RM|Client Manager|Legal Entity|Sub Portfolio|
    Allocation|Fund Manager|Trading Desk|Trader Initials|Dealt By|Done By|Sheet No|Page|
    Version No|Run ID|Run Date|Report Date|As of|As Of Date|Value Added|Approval Ref|
    Approval Date|Approved On|Compliance|Compliance OK|Pre-trade check|Best Execution|MiFID Flag|
    Decision Maker|Investment Decision|Executing Trader|Waiver|Venue Name|UTI|USI|ISIN|CUSIP|RIC|
    Bloomberg Ticker|BBG ID|Security|Security Name|Asset Class|Currency Exposure|Budget Rate|
    Hedge Ratio|Forecast|Invoice No|PO Number|Supplier|Vendor|Payment Ref|Beneficiary|Due Date|
    Bank|SWIFT|IBAN|Country|Tax|VAT|GL Code|GL Account|Journal|Ledger|Period|FY|Month End|Tier|
    Rating|Credit|Credit Limit|Utilisation|Headroom|Spread|Spread (bps)|Spot|Spot Ref|Mid Rate|
    Last Price|Fwd Points|Swap Points|Carry|PnL|MTM|VaR|Notes to trader|Instruction to desk|
    Message|Chat|Recording|Phone|Time Zone|Location|Floor|Squad|Pod|Sleeve|Cell|Zone|Urgent|
    Confidential|Alias|Nickname|Family|Segment|Line of business|Workstream|Campaign|Batch|
    Batch ID|Batch No|Group ID|Pack|Upload ID|Uploaded by|Last modified|Modified by|Change log|
    Audit|Hash|GUID|UUID|Guid|URL|Attachment|Tags|Category|Class|Subclass|Flag|Marker|Colour|
    Highlight
    """
)
"""Single headers of a desk's own, gathered without a look at the vocabulary."""

DANGEROUS = _headers(
    """
    Way|Verb|B/S Flag|Long/Short|Position|Open/Close|Pay/Receive|Base|Quote|CCY1|CCY2|Contra Ccy|
    Notional 2|Face|Nominal|Volume|Vol|Contracts|K|Mio|Per million|Level|Target Level|Entry|
    Entry Price|Exit|Exit Price|Worst Price|Best Price|Cap|Ceiling|Bound|Trigger Level|Breakout|
    Activation Price|Stop Lvl|Stoploss|STP|Trlng|Guaranteed|Reduce Only|Hedge Flag|GTC/DAY|
    Validity|Valid Till|Exp|Expires|Expires At|Lifetime|Duration|Time limit|When|Not before|
    Not after|Release at|Delay|Schedule|Session|Auction|Fix|WMR|ECB|BFIX|4pm|Benchmark|TWAP|VWAP|
    Slices|Child Size|Clip size|Show|Refresh|Dark|Sweep|Peg to|Spread limit|Tolerance|Slip|Dev|
    Far leg|Near leg|Swap|Fwd|Value Dt|VD|Val|Settle|Settl Dt|T+2|Spot/Forward|Cash/Tom|
    Tenor code|Broken Date|Delivery|NDF?|Put/Call|Strike|Notional Ccy|Live?|On/Off|Enable|Go|
    OK to send|Ready|Do not trade|Exclude|Ignore|Cancelled|Withdrawn|Void|Dead|Parked|Draft|
    Pending|Executed|Done|Done Qty|Exec Qty|Filled?|Outstanding|Balance|Rest|Result|State|Stage|
    Phase|Outcome|Route|Destination|LP|Provider|MIC|ECN|Agency/Principal|Capacity|On behalf of|
    Sub acct|Portfolio Account|Booking Account|Give up|PB Account|Allocation Account|
    Custody account|Owner Org|Cust ID|My ID|Our Ref No|Unique ID|Order Key|OID|Order#|ClientOrd|
    ClRef|Ext ID|Min|Min Exec|MAQ|Minimum|AON|FOK|IOC|Post
    """
)
"""Single headers that may mean a field or change an order, gathered in the same way."""
