//! What several rooms' tests need.

pub(crate) mod asker;
mod awake;
pub(crate) mod browser;
pub(crate) mod database;
pub(crate) mod front;
pub(crate) mod gate;
pub(crate) mod gateway;
pub(crate) mod google;
mod google_desk;
pub(crate) mod google_query;
pub(crate) mod house;
pub(crate) mod journals;
pub(crate) mod logbook;
pub(crate) mod memory;
pub(crate) mod outside;
mod postgres;
pub(crate) mod postgres_server;
pub(crate) mod random;
mod reader_article;
mod reader_dialect;
pub(crate) mod reader_server;
pub(crate) mod redis;
mod reply;
pub(crate) mod server;
mod shared_data;
pub(crate) mod spoil;
pub(crate) mod ticker;
pub(crate) mod way_in;
pub(crate) mod workbook;
pub(crate) mod xls;

pub(crate) use awake::awake;
pub(crate) use database::{Database, on_both_databases};
pub(crate) use gate::Gate;
pub(crate) use gateway::Gateway;
pub(crate) use house::House;
pub(crate) use shared_data::shared_data;
