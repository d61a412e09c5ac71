#![doc = include_str!("../README.md")]

use sea_orm_migration::prelude::*;

mod dialect;
mod m20261124_000001_create_schema;
mod m20261128_000001_add_refusals;
mod m20261128_000002_registry_place;
mod m20261128_000003_contact_sheets;
mod m20261128_000004_delegation;
mod m20261128_000005_seen_news;
mod m20261128_000006_index_journal;
mod m20261128_000007_rehearse_import;
mod m20261128_000008_index_newest_case;
mod m20261128_000009_add_session_agent;
mod m20261128_000010_add_second_factor;
mod m20261128_000011_add_reset_slip;
mod m20261128_000012_time_leases;
mod m20261128_000013_add_visit_request;
mod m20261128_000014_confirm_admins;
mod m20261128_000015_add_plan;
mod m20261129_000001_register_families;
mod m20261129_000002_proposals;
mod m20261129_000003_rules;
mod m20261129_000004_waitlist_order;
mod m20261129_000005_exchange;
mod m20261129_000010_population;
mod m20261129_000011_letters;
mod m20261129_000012_appeals;
mod m20261129_000013_objections;
mod m20261129_000014_health;
mod m20261129_000015_rt_checks;
mod m20261129_000016_visit_due;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_create_schema::Migration),
            Box::new(m20261128_000001_add_refusals::Migration),
            Box::new(m20261128_000002_registry_place::Migration),
            Box::new(m20261128_000003_contact_sheets::Migration),
            Box::new(m20261128_000004_delegation::Migration),
            Box::new(m20261128_000005_seen_news::Migration),
            Box::new(m20261128_000006_index_journal::Migration),
            Box::new(m20261128_000007_rehearse_import::Migration),
            Box::new(m20261128_000008_index_newest_case::Migration),
            Box::new(m20261128_000009_add_session_agent::Migration),
            Box::new(m20261128_000010_add_second_factor::Migration),
            Box::new(m20261128_000011_add_reset_slip::Migration),
            Box::new(m20261128_000012_time_leases::Migration),
            Box::new(m20261128_000013_add_visit_request::Migration),
            Box::new(m20261128_000014_confirm_admins::Migration),
            Box::new(m20261128_000015_add_plan::Migration),
            Box::new(m20261129_000001_register_families::Migration),
            Box::new(m20261129_000002_proposals::Migration),
            Box::new(m20261129_000003_rules::Migration),
            Box::new(m20261129_000004_waitlist_order::Migration),
            Box::new(m20261129_000005_exchange::Migration),
            Box::new(m20261129_000010_population::Migration),
            Box::new(m20261129_000011_letters::Migration),
            Box::new(m20261129_000012_appeals::Migration),
            Box::new(m20261129_000013_objections::Migration),
            Box::new(m20261129_000014_health::Migration),
            Box::new(m20261129_000015_rt_checks::Migration),
            Box::new(m20261129_000016_visit_due::Migration),
        ]
    }
}
