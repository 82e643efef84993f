{{ config(materialized="table") }}
select day, sum(notional) as total
from {{ source("main", "processed_trades") }}
group by day
