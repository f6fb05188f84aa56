//! Each rule of the checker with a history that breaks it, and with histories that nearly do.

mod cancels_and_undos;
mod catalogs;
mod dead_workers;
mod history_builder;
mod orders;
mod records;
mod starts;
