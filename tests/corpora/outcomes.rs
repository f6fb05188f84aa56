//! Report 38: wherever a run with skipped rows is told of, its skipped rows are.
