DROP TABLE added_spans;
