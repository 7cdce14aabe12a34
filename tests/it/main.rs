//! One integration binary: every file is a story or a behaviour.
#[cfg(test)]
mod approvals;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod automatic;
#[cfg(test)]
#[cfg(feature = "verify")]
mod backtest;
#[cfg(test)]
#[cfg(feature = "verify")]
mod backtest_kubernetes;
#[cfg(test)]
#[cfg(feature = "verify")]
mod backtest_laws;
#[cfg(test)]
#[cfg(feature = "testing")]
mod broken_policies;
#[cfg(test)]
mod calendar_files;
#[cfg(test)]
mod calendar_log;
#[cfg(test)]
mod calendars;
#[cfg(test)]
#[cfg(feature = "testing")]
mod case_files;
#[cfg(test)]
#[cfg(feature = "testing")]
mod cases;
#[cfg(test)]
mod chain;
#[cfg(test)]
mod clears_at;
#[cfg(test)]
mod combinations;
#[cfg(test)]
mod compile_messages;
#[cfg(test)]
mod conflicts;
#[cfg(test)]
mod cookbook;
#[cfg(test)]
mod delegated;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod desk_support;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod due;
#[cfg(test)]
mod emergency;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod facts;
#[cfg(test)]
#[cfg(feature = "testing")]
mod fixtures;
#[cfg(test)]
#[cfg(feature = "calendar")]
mod freeze_calendar;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod ics;
#[cfg(test)]
mod in_flight;
#[cfg(test)]
mod invariants;
#[cfg(test)]
mod kpi_golden;
#[cfg(test)]
mod kpi_laws;
#[cfg(test)]
mod kpi_measures;
#[cfg(test)]
mod kpi_real_data;
#[cfg(test)]
mod kpi_support;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod lifecycle;
#[cfg(test)]
mod linearizable;
#[cfg(test)]
mod linearizable_support;
#[cfg(test)]
mod model_examples;
#[cfg(test)]
#[cfg(feature = "schema")]
mod model_schema;
#[cfg(test)]
mod model_standing;
#[cfg(test)]
mod models;
#[cfg(test)]
mod overrides;
#[cfg(test)]
mod overview;
#[cfg(test)]
#[cfg(feature = "testing")]
#[rustfmt::skip]
mod pasted;
#[cfg(test)]
mod policies;
#[cfg(test)]
mod policy_samples;
#[cfg(test)]
#[cfg(feature = "verify")]
mod questions;
#[cfg(test)]
mod quickstart;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod recorded;
#[cfg(test)]
#[cfg(feature = "calendar")]
mod recurrence;
#[cfg(test)]
mod relations;
#[cfg(test)]
mod release_notes_kubernetes;
#[cfg(test)]
mod releasectl;
#[cfg(test)]
mod report;
#[cfg(test)]
mod rollout;
#[cfg(test)]
#[cfg(feature = "testing")]
mod sabotaged;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod schedule_index;
#[cfg(test)]
#[cfg(feature = "calendar")]
mod schedule_laws;
#[cfg(test)]
mod schedule_policies;
#[cfg(test)]
#[cfg(feature = "calendar")]
mod schedule_real_data;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod sqlite_crash;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod sqlite_files;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod sqlite_paths;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod sqlite_support;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod sqlite_writers;
#[cfg(test)]
#[cfg(feature = "testing")]
mod store_conformance;
#[cfg(test)]
mod store_contract;
#[cfg(test)]
mod store_retry;
#[cfg(test)]
#[cfg(feature = "tracing")]
mod store_traced;
#[cfg(test)]
#[cfg(feature = "proptest")]
mod strategies;
#[cfg(test)]
mod support;
#[cfg(test)]
#[cfg(feature = "testing")]
mod testing_coverage;
#[cfg(test)]
#[cfg(feature = "testing")]
mod testing_difference;
#[cfg(test)]
#[cfg(feature = "testing")]
mod testing_mutation;
#[cfg(test)]
#[cfg(feature = "verify")]
mod verify_flaws;
#[cfg(test)]
#[cfg(feature = "verify")]
mod verify_laws;
#[cfg(test)]
#[cfg(all(feature = "verify", feature = "toml"))]
mod verify_models;
#[cfg(test)]
#[cfg(feature = "verify")]
mod verify_traps;
#[cfg(test)]
#[cfg(feature = "testing")]
mod web_service_checks;
#[cfg(test)]
mod wire;
#[cfg(test)]
mod workdays;
