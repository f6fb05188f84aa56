//! The description of the API (`/api/openapi.json`): it has every route, and the responses are as it says.

mod answer_recorder;
mod answers;
mod document;
mod generated_requests;
mod hostile_texts;
mod outage;
mod python_tools;
mod rate_limit;
mod refusals;
mod route_table;
mod sample_site;
