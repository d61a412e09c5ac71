#![doc = include_str!("../README.md")]

use sea_orm_migration::prelude::*;

mod dialect;
mod m20261124_000001_create_schema;
mod m20261128_000001_add_refusals;
mod m20261128_000002_registry_place;

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
        ]
    }
}
