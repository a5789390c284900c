-- no-transaction
-- What a webhook was told and will be told, the latest first.
CREATE INDEX CONCURRENTLY webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, position);
