//! The settings of sources: add, change and remove them.

pub(super) mod add;
pub(super) mod change;
pub(super) mod detection;
pub(super) mod field_errors;
pub(super) mod form;
pub(in crate::web) mod found_view;
pub(super) mod handlers;
pub(super) mod kept_address;
pub(in crate::web) mod kind_choice;
pub(super) mod kind_offer;
pub(super) mod pages;
pub(super) mod place;
pub(super) mod proposals;
pub(super) mod public_page;
pub(in crate::web) mod public_page_view;
pub(in crate::web) mod read_fields_view;
pub(super) mod read_form;
pub(super) mod review;
pub(super) mod schedule_form;
pub(in crate::web) mod schedule_view;
pub(super) mod upload_claim;
pub(super) mod uploads;
pub(in crate::web) mod view;
