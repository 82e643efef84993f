select id, day, symbol, qty * px as notional
from {{ ref("raw_trades") }}
