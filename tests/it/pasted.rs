//! What mutation prints to be pasted, as it was printed: the tests that the cases of the web-service model lack.

use crate::web_service_checks::{checks, gates};

// Nobody noticed: web-service/production (version 1), rules[3].rule.back-out-plan: taken away
#[test]
fn noticed_web_service_production_version_1_rules_3_rule_back_out_plan_taken_away() -> Result<(), Box<dyn std::error::Error>> {
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == "ready and approved");
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str(r#"[{"without":"back_out"}]"#)?;
    let question = near.and_then(|near| near.but(&but)).ok_or("no such case")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), "refused: web-service/production/back-out-plan: no-back-out-plan");
    Ok(())
}

// Nobody noticed: web-service/production (version 1), rules[3].rule.back-out-plan: warns instead of refusing
#[test]
fn noticed_web_service_production_version_1_rules_3_rule_back_out_plan_warns_instead_of_refusing() -> Result<(), Box<dyn std::error::Error>> {
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == "ready and approved");
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str(r#"[{"without":"back_out"}]"#)?;
    let question = near.and_then(|near| near.but(&but)).ok_or("no such case")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), "refused: web-service/production/back-out-plan: no-back-out-plan");
    Ok(())
}

// Nobody noticed: web-service/go (version 1), rules[0].rule.approvals: whoever asked for the release may approve it
#[test]
fn noticed_web_service_go_version_1_rules_0_rule_approvals_whoever_asked_for_the_release_may_approve_it() -> Result<(), Box<dyn std::error::Error>> {
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == "ready, and not approved");
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str(r#"[{"approved":{"by":"kim","role":"change_authority"}}]"#)?;
    let question = near.and_then(|near| near.but(&but)).ok_or("no such case")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), "refused: web-service/go/approvals: own-work");
    Ok(())
}

// Nobody noticed: web-service/go (version 1), rules[0].rule.approvals: `rules[0].by` [{"role":"change_authority"},{"role":"emergency_change_authority"}] instead of [{"role":"change_authority"}]
#[test]
fn noticed_web_service_go_version_1_rules_0_rule_approvals_rules_0_by_role_change_authority_role_emergency_change_authority_instead_of_role_change_authority() -> Result<(), Box<dyn std::error::Error>> {
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == "ready, and not approved");
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str(r#"[{"approved":{"by":"eva","role":"emergency_change_authority"}}]"#)?;
    let question = near.and_then(|near| near.but(&but)).ok_or("no such case")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), "refused: web-service/go/approvals: approvals-missing");
    Ok(())
}

// Nobody noticed: web-service/go (version 1), rules[0].rule.approvals: `valid_for_seconds` without 259200
#[test]
fn noticed_web_service_go_version_1_rules_0_rule_approvals_valid_for_seconds_without_259200() -> Result<(), Box<dyn std::error::Error>> {
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == "the builder approves");
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str(r#"[{"asked_at":"2026-03-12T21:59:59.999999Z"}]"#)?;
    let question = near.and_then(|near| near.but(&but)).ok_or("no such case")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), "refused: web-service/go/approvals: approval-expired, web-service/go/approvals: approvals-missing");
    Ok(())
}

// Nobody noticed: web-service/go (version 1), rules[0].rule.approvals: `valid_for_seconds` 259199 instead of 259200
#[test]
fn noticed_web_service_go_version_1_rules_0_rule_approvals_valid_for_seconds_259199_instead_of_259200() -> Result<(), Box<dyn std::error::Error>> {
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == "ready and approved");
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str(r#"[{"asked_at":"2026-03-05T15:59:59.999999Z"}]"#)?;
    let question = near.and_then(|near| near.but(&but)).ok_or("no such case")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), "cleared");
    Ok(())
}

// Nobody noticed: web-service/go (version 1), rules[0].rule.approvals: `valid_for_seconds` 259201 instead of 259200
#[test]
fn noticed_web_service_go_version_1_rules_0_rule_approvals_valid_for_seconds_259201_instead_of_259200() -> Result<(), Box<dyn std::error::Error>> {
    let checks = checks();
    let near = checks.iter().find(|check| check.name() == "the builder approves");
    let but: Vec<phasegate::testing::Variation> = serde_json::from_str(r#"[{"asked_at":"2026-03-05T16:00:00Z"}]"#)?;
    let question = near.and_then(|near| near.but(&but)).ok_or("no such case")?;
    let ruling = phasegate::testing::Ruling::of(&question.ask(&gates()));
    assert_eq!(ruling.to_string(), "refused: web-service/go/approvals: approval-expired, web-service/go/approvals: approvals-missing");
    Ok(())
}
