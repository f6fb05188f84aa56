DROP INDEX sync_records_source;
DROP INDEX sync_records_requested_by;
DROP INDEX sync_records_filters;
