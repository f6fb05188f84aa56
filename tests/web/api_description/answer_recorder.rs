//! Sends requests to described paths and keeps the answers, to compare them with the description.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::python_tools::run_script;
use crate::web::site::{SiteClient, SiteResponse, TestSite};

/// A described operation.
#[derive(Clone, Debug)]
pub(super) struct DescribedOperation {
    /// The method in capitals.
    pub(super) method: String,
    /// The path with the names of its parameters.
    pub(super) path: String,
    /// The statuses that it may answer with.
    pub(super) statuses: BTreeSet<u16>,
    /// The names of the parameters of its query.
    pub(super) parameters: Vec<String>,
}

/// The values of the parameters in a path.
#[derive(Clone, Copy)]
pub(super) struct PathValues<'a> {
    pub(super) slug: &'a str,
    pub(super) run: &'a str,
    pub(super) item: &'a str,
}

impl PathValues<'_> {
    /// The path with these values.
    pub(super) fn fill_in(&self, path: &str) -> String {
        let id = if path.contains("/items/") { self.item } else { self.run };
        path.replace("{slug}", self.slug).replace("{id}", id)
    }
}

/// The answers to the requests of a test.
pub(super) struct AnswerRecorder {
    document: Value,
    answers: Vec<Value>,
}

impl AnswerRecorder {
    pub(super) fn new(site: &TestSite) -> Self {
        Self { document: site.visitor().get("/api/openapi.json").json(), answers: Vec::new() }
    }

    /// All described operations.
    pub(super) fn list_operations(&self) -> Vec<DescribedOperation> {
        let mut found = Vec::new();
        for (path, methods) in self.document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let statuses = operation["responses"].as_object().expect("responses").keys();
                let statuses = statuses.map(|status| status.parse().expect("a status")).collect();
                let parameters = operation["parameters"].as_array().expect("parameters").iter();
                let parameters = parameters.filter(|parameter| parameter["in"] == "query");
                let parameters = parameters.map(|found| found["name"].as_str().expect("a name").to_owned()).collect();
                let (method, path) = (method.to_uppercase(), path.clone());
                found.push(DescribedOperation { method, path, statuses, parameters });
            }
        }
        found
    }

    /// Sends a request to the described path `path` at the address `address`, with a body in JSON if there is one.
    pub(super) fn send(
        &mut self,
        client: &SiteClient<'_>,
        method: &str,
        path: &str,
        address: &str,
        body: Option<&str>,
    ) -> SiteResponse {
        let reply = client.send_request(method, address, body.map(|body| ("application/json", body.to_owned())));
        self.keep_answer(method, path, &reply);
        reply
    }

    /// Keeps the answer to a request to the described path `path`.
    pub(super) fn keep_answer(&mut self, method: &str, path: &str, reply: &SiteResponse) {
        self.answers.push(json!({
            "method": method,
            "path": path,
            "status": reply.status,
            "headers": reply.headers,
            "body": reply.body,
        }));
    }

    /// Requests a path that has no parameters, or has them filled in with `values`; `query` begins with `?`.
    pub(super) fn get(&mut self, client: &SiteClient<'_>, path: &str, values: PathValues<'_>, query: &str) -> Value {
        let reply = self.send(client, "GET", path, &format!("{}{query}", values.fill_in(path)), None);
        assert_eq!(reply.status, 200, "{path}{query}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap_or_default()
    }

    /// Posts to a path; the answer must have this status.
    #[track_caller]
    pub(super) fn post(&mut self, client: &SiteClient<'_>, path: &str, values: PathValues<'_>, status: u16) -> Value {
        let reply = self.send(client, "POST", path, &values.fill_in(path), None);
        assert_eq!(reply.status, status, "{path}: {}", reply.body);
        serde_json::from_str(&reply.body).unwrap_or_default()
    }

    /// Where the answers differ from the description.
    pub(super) fn find_differences(&self) -> String {
        let input = json!({ "document": self.document, "answers": self.answers });
        run_script("tests/web/api_description/check_answers.py", &input)
    }

    /// The described statuses that no answer had: `GET /api/sources 400`.
    pub(super) fn list_unseen(&self) -> BTreeSet<String> {
        let name = |method: &str, path: &str, status: u64| format!("{method} {path} {status}");
        let seen: BTreeSet<String> = self
            .answers
            .iter()
            .map(|answer| {
                let text = |field: &str| answer[field].as_str().expect("text");
                name(text("method"), text("path"), answer["status"].as_u64().expect("a status"))
            })
            .collect();
        let described =
            self.list_operations().into_iter().flat_map(|DescribedOperation { method, path, statuses, .. }| {
                statuses.into_iter().map(move |status| name(&method, &path, status.into()))
            });
        described.filter(|known| !seen.contains(known)).collect()
    }

    /// Changes the last answer, so that it differs from the description.
    pub(super) fn spoil_last(&mut self, change: impl FnOnce(&mut Value)) {
        change(self.answers.last_mut().expect("an answer"));
    }
}
