{{ config(materialized="table") }}
select day, sum(notional) as total, count(*) as trades
from {{ ref("processed_trades") }}
group by day
