//! The contract: OpenAPI 3.1 from the handlers, completed from the table of routes, so that neither can say what the
//! other does not. `tilik openapi` writes it; `server/openapi.json` is the committed copy.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::routes::{self, Access, Line};
use super::{
    appeals, base_map, cases, citizens, contact_sheets, deliberations, exports, families, health,
    health_insurance, imports, letters, lookup, map, ministry, objections, old_photos, overview,
    papers, phone, photos, plans, population, proposals, quotas, registration, replacements,
    reports, reset_slips, rt_checks, rules, second_factor, session, sync, tasks, trail, training,
    uploads, users, windows,
};
use crate::error::{Error, Result};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tilik",
        description = "Evidence in, queues and decisions out. Errors are `application/problem+json` with a stable `code`. \
                       Who has real and training work is told of the real part in lists, queues and counts, and of the \
                       training part when a request has the header `tilik-training`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(
        tilik_protocol::problem::Problem,
        tilik_protocol::problem::ProblemCode,
        tilik_protocol::session::AccountState
    )),
    paths(
        health::live,
        health::ready,
        health::metrics,
        session::sign_in,
        session::sign_in_console,
        session::sign_out,
        session::refresh,
        session::me,
        session::seen_news,
        session::mark_news,
        session::sign_out_everywhere,
        session::sessions,
        session::end_session,
        session::change_password,
        second_factor::sign_in_code,
        second_factor::sign_in_console_code,
        second_factor::step_up,
        second_factor::show,
        second_factor::offer,
        second_factor::confirm,
        second_factor::renew_recovery,
        second_factor::remove,
        sync::sync,
        sync::carry,
        uploads::options,
        uploads::create,
        uploads::head,
        uploads::patch,
        uploads::overridden,
        uploads::delete,
        photos::show,
        photos::seen,
        cases::open,
        cases::list,
        cases::show,
        cases::assign,
        plans::preview,
        plans::show,
        plans::families,
        plans::open,
        population::events,
        population::file,
        population::list,
        population::judge,
        population::unmask,
        population::batches,
        population::release,
        population::refuse,
        population::villages,
        population::move_family,
        population::of_family,
        population::moves,
        population::one_move,
        population::receive,
        population::send_back,
        population::ask_matches,
        population::matches,
        population::match_queue,
        population::match_file,
        population::answer_matches,
        population::answer_file,
        health_insurance::statements,
        health_insurance::file,
        health_insurance::list,
        health_insurance::judge,
        health_insurance::of_family,
        proposals::list,
        proposals::counts,
        proposals::propose,
        proposals::propose_many,
        proposals::show,
        proposals::change,
        proposals::submit,
        proposals::withdraw,
        proposals::copy,
        proposals::send,
        proposals::check,
        proposals::verify,
        proposals::endorse,
        proposals::outcome,
        proposals::sptjm,
        letters::offices,
        letters::set_office,
        letters::office_versions,
        letters::preview,
        letters::issue,
        letters::list,
        letters::show,
        letters::print,
        letters::revoke,
        letters::check,
        windows::list,
        windows::change,
        windows::withdraw,
        windows::confirm,
        windows::refuse,
        windows::reopen,
        windows::close,
        deliberations::list,
        deliberations::hold,
        deliberations::show,
        deliberations::change,
        deliberations::sign,
        papers::take,
        papers::show,
        cases::close,
        cases::claim,
        contact_sheets::take,
        contact_sheets::renew,
        contact_sheets::release,
        contact_sheets::take_out,
        cases::take,
        cases::release,
        cases::accept,
        cases::withdraw,
        cases::give_back,
        cases::take_back,
        cases::agree_unreachable,
        cases::reopen,
        cases::decide,
        cases::confirm,
        cases::delivered,
        cases::memberships,
        families::recipients,
        families::search,
        families::show,
        families::changes,
        families::unmask,
        families::request_visit,
        registration::register,
        registration::correct,
        registration::split,
        registration::merge,
        registration::versions,
        registration::as_of,
        registration::requests,
        registration::confirm_request,
        registration::refuse_request,
        registration::withdraw_request,
        registration::duplicates,
        registration::decide_duplicate,
        rules::evaluations,
        rules::record_fact,
        rules::change_fact,
        rules::cancellations,
        rules::send_cancellation,
        rules::dismiss_cancellation,
        rules::list,
        rules::draft,
        rules::one,
        rules::ship,
        rules::change,
        rules::submit,
        rules::withdraw,
        rules::confirm,
        rules::refuse,
        rules::preview,
        rules::changes,
        lookup::regions,
        lookup::programs,
        lookup::outline,
        lookup::reasons,
        lookup::officers,
        lookup::waiting,
        quotas::show,
        quotas::overlaps,
        quotas::overlap_families,
        quotas::waitlist,
        lookup::waiting_decisions,
        tasks::show,
        lookup::history,
        lookup::waiting_grants,
        map::view,
        base_map::show,
        base_map::file,
        phone::house_photo,
        phone::android,
        map::villages,
        map::families,
        overview::show,
        reports::show,
        reports::aid_gap,
        reports::pdf,
        reports::xlsx,
        rt_checks::sheet,
        rt_checks::enter,
        rt_checks::progress,
        old_photos::bring,
        old_photos::report,
        old_photos::show,
        exports::ask,
        exports::list,
        exports::answer,
        exports::file,
        appeals::list,
        appeals::file,
        appeals::one,
        appeals::examine,
        appeals::judge,
        appeals::withdraw,
        citizens::check,
        citizens::receipt,
        citizens::villages,
        citizens::submit,
        citizens::photo,
        objections::list,
        objections::file,
        objections::one,
        objections::admit,
        objections::reject,
        objections::unmask,
        objections::bring_photo,
        objections::photo,
        ministry::list,
        ministry::tick,
        replacements::list,
        imports::import,
        imports::list,
        imports::show,
        imports::changes,
        imports::columns,
        imports::mapping,
        imports::missing,
        imports::confirm,
        imports::refuse,
        imports::apply,
        imports::discard,
        users::add,
        users::list,
        users::show,
        users::add_grant,
        users::reset_password,
        reset_slips::issue,
        reset_slips::waiting_slips,
        reset_slips::release_slip,
        reset_slips::use_slip,
        users::suspend,
        users::resume,
        users::confirm_grant,
        users::refuse_grant,
        users::end_grant,
        users::delegate_grant,
        users::recall_grant,
        users::delegations,
        users::deputies,
        users::issue_enrolment,
        users::enrol,
        users::devices,
        users::revoke,
        trail::journal,
        trail::people,
        trail::access,
        training::show,
        training::prepare,
    )
)]
struct Handlers;

/// Who may call it, as OpenAPI says it: alternatives of which one is enough.
fn security(access: Access) -> Value {
    match access {
        Access::Public => json!([]),
        Access::Watching => json!([{}, { "metrics_token": [] }]),
        Access::SignedIn | Access::Requires(_) => json!([{ "bearer": [] }, { "cookie": [] }]),
        Access::Uploads => json!([{ "bearer": [] }, { "upload_grant": [] }, { "cookie": [] }]),
    }
}

/// The role's permission, for people and for the console.
fn permission(access: Access) -> Option<String> {
    match access {
        Access::Requires(permission) => Some(permission.to_string()),
        Access::Public | Access::Watching | Access::SignedIn | Access::Uploads => None,
    }
}

fn complete(operation: &mut Map<String, Value>, line: &Line) {
    operation.insert("security".to_owned(), security(line.access));
    if let Some(permission) = permission(line.access) {
        operation.insert("x-permission".to_owned(), permission.into());
    }
    // One name in the whole document, for generated clients: the tag and the handler's name.
    let tag = operation["tags"][0].as_str().unwrap_or_default();
    let handler = operation["operationId"].as_str().unwrap_or_default();
    let name = format!("{tag}_{handler}");
    operation.insert("operationId".to_owned(), name.into());
    let sealed = "application/offset+octet-stream";
    if let Some(schema) = operation
        .get_mut("requestBody")
        .and_then(|body| body.get_mut("content")?.get_mut(sealed)?.get_mut("schema"))
    {
        // OpenAPI 3.1 says nothing about bytes that are no text.
        *schema = json!({});
    }
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        for (status, response) in responses.iter_mut() {
            let words = status
                .parse::<http::StatusCode>()
                .ok()
                .and_then(|status| status.canonical_reason());
            if let (Some(words), Some(response)) = (words, response.as_object_mut()) {
                response
                    .entry("description")
                    .and_modify(|known| {
                        if known.as_str() == Some("") {
                            *known = words.into();
                        }
                    })
                    .or_insert_with(|| words.into());
            }
        }
        responses.insert(
            "default".to_owned(),
            json!({
                "description": "A problem (RFC 9457).",
                "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } }
            }),
        );
    }
}

/// The whole contract.
///
/// # Errors
/// When a route has no operation: the document would be silent about it.
pub fn document() -> Result<Value> {
    let mut document = serde_json::to_value(Handlers::openapi()).map_err(Error::internal)?;
    for line in routes::lines() {
        let method = line.method.as_str().to_ascii_lowercase();
        let operation = document["paths"][line.path][&method]
            .as_object_mut()
            .ok_or_else(|| {
                Error::internal(format!(
                    "{} {} is not in the contract",
                    line.method, line.path
                ))
            })?;
        complete(operation, &line);
    }
    // What a city adds to the lists it tells only when asked; the shipped ones a client may be built with.
    document["paths"]["/v1/reasons"]["get"]["responses"]["200"]["content"]["application/json"]["example"] =
        serde_json::to_value(lookup::reason_lists()).map_err(Error::internal)?;
    document["components"]["securitySchemes"] = json!({
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The access token of `POST /v1/session`, ten minutes." },
        "cookie": { "type": "apiKey", "in": "cookie", "name": session::COOKIE,
            "description": "A browser's session. Mutating requests need an `Origin` of this server. Over https the \
                            name begins with `__Host-`." },
        "metrics_token": { "type": "http", "scheme": "bearer",
            "description": "TILIK_METRICS_TOKEN; not needed from the configured networks." },
        "upload_grant": { "type": "http", "scheme": "bearer",
            "description": "The upload grant of one visit, as sync gave it." },
    });
    Ok(document)
}

/// The contract as it is committed.
///
/// # Errors
/// As [`document`].
pub fn text() -> Result<String> {
    let mut text = serde_json::to_string_pretty(&document()?).map_err(Error::internal)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

    fn operations(document: &Value) -> Vec<(String, String, Value)> {
        let mut found = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for method in METHODS {
                if let Some(operation) = item.get(method) {
                    found.push((method.to_uppercase(), path.clone(), operation.clone()));
                }
            }
        }
        found
    }

    #[test]
    fn the_committed_contract_is_the_one_the_handlers_have() {
        let committed =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json")).unwrap();
        assert!(
            committed == text().unwrap(),
            "the interface changed. Read the difference, then: cargo run -- openapi --output server/openapi.json"
        );
    }

    #[test]
    fn every_route_is_in_the_contract_and_nothing_else_is() {
        let document = document().unwrap();
        let told: BTreeSet<_> = operations(&document)
            .into_iter()
            .map(|(method, path, _)| (method, path))
            .collect();
        let routes: BTreeSet<_> = routes::lines()
            .into_iter()
            .map(|line| (line.method.to_string(), line.path.to_owned()))
            .collect();
        assert_eq!(told, routes);
    }

    #[test]
    fn every_operation_says_who_may_call_it_and_how_it_fails() {
        let document = document().unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut names = BTreeSet::new();
        for (method, path, operation) in operations(&document) {
            assert!(operation["security"].is_array(), "{method} {path}");
            assert_eq!(
                operation["responses"]["default"]["content"]["application/problem+json"]["schema"]
                    ["$ref"],
                "#/components/schemas/Problem",
                "{method} {path}"
            );
            assert!(
                names.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{method} {path}: {}",
                operation["operationId"]
            );
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(target)) = map.get("$ref") {
                        found.insert(target);
                    }
                    map.values().for_each(|inner| references(inner, found));
                }
                Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
                _ => {}
            }
        }
        let document = document().unwrap();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        assert!(found.len() > 50, "{}", found.len());
        for target in found {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{target}");
        }
    }
}
