//! Contract 8: tenants, and names that must not be mixed up.

use super::ask::{
    claim_of, done, log, page_of, places, refused, same, same_log, settled, so, written,
};
use super::bench::Bench;
use super::report::Ended;
use super::scribe::{Scribe, key, noon, tenant};
use crate::phase::PhaseName;
use crate::release::{Stream, StreamKind};
use crate::store::{Filter, Order, Query, Settlement, Store, StoreErrorKind};

pub(super) async fn tenants_see_nothing_of_each_other(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let (mut ours, mut theirs) = (Scribe::release_of("a", 1), Scribe::release_of("b", 1));
    ours.reach(store, 2).await?;
    theirs.put(store, "theirs").await?;
    let mut second = Scribe::release_of("b", 2);
    second.put(store, "theirs").await?;
    for (scribe, count) in [(&ours, 2), (&theirs, 1), (&second, 1)] {
        let entries = log(store, &scribe.stream).await?;
        same(
            format!("entries of `{}`", scribe.stream),
            entries.len(),
            count,
        )?;
    }
    for (of, count) in [("a", 1), ("b", 2), ("c", 0)] {
        for filter in [Filter::All, Filter::Open, Filter::Phase(PhaseName::Request)] {
            let query = Query {
                filter,
                order: Order::Created,
            };
            let page = page_of(store, of, query, 10).await?;
            let what = format!("{filter:?} of tenant `{of}`");
            same(&what, page.rows.len(), count)?;
            let is_own = page.rows.iter().all(|row| row.stream.tenant.as_str() == of);
            so(what, is_own, "only logs of its own", &page.rows)?;
        }
    }
    let entries = log(store, &ours.stream).await?;
    let other = Stream::new(tenant("c"), StreamKind::Release, ours.stream.id.clone());
    for entry in &entries {
        let outcome = store.outcome(&other, entry.id.command()).await;
        same(
            "the outcome for another tenant",
            done("asking", outcome)?,
            None,
        )?;
    }
    notices_of_tenants(store, &ours.stream, &[&theirs.stream, &second.stream]).await
}

async fn notices_of_tenants(
    store: &impl Store,
    ours: &Stream,
    theirs: &[&Stream],
) -> Result<(), Ended> {
    let to_a = claim_of(store, "a", "inbox", noon(0)).await?;
    let of_theirs = |attempt| {
        theirs
            .iter()
            .map(move |stream| (stream.id.to_string(), 1, attempt))
    };
    same(
        "notices of tenant `a`",
        places(&to_a),
        vec![(ours.id.to_string(), 1, 1)],
    )?;
    let to_b = claim_of(store, "b", "inbox", noon(0)).await?;
    let expected: Vec<_> = of_theirs(1).collect();
    same(
        "notices of tenant `b`, whose sink has the same name",
        places(&to_b),
        expected,
    )?;
    same(
        "notices of tenant `c`",
        claim_of(store, "c", "inbox", noon(0)).await?.len(),
        0,
    )?;
    for one in &to_a {
        let mut forged = one.clone();
        forged.notice.stream.tenant = tenant("c");
        let answer = store.settle(&forged, Settlement::Delivered).await;
        refused(
            "settling for another tenant",
            answer,
            StoreErrorKind::StaleClaim,
        )?;
        settled("settling", store, one, Settlement::Delivered).await?;
    }
    // What one has settled the other has not.
    let to_b = claim_of(store, "b", "inbox", noon(90)).await?;
    let expected: Vec<_> = of_theirs(2).collect();
    same(
        "notices of tenant `b` after `a` has settled",
        places(&to_b),
        expected,
    )?;
    Ok(())
}

pub(super) async fn names_that_look_alike_are_not_the_same(bench: Bench) -> Result<(), Ended> {
    let store = &bench.store;
    let names = [
        "a",
        "A",
        "ａ",
        "a/b",
        "a/",
        "a b",
        "a%",
        "a_",
        "a*",
        "ab",
        "é",
        "e\u{301}",
        "a\u{10FFFF}",
        "..",
        "a:b",
        // As long as a name may be, and different at its very end.
        &format!("{}1", "x".repeat(199)),
        &format!("{}2", "x".repeat(199)),
    ];
    let mut logs = Vec::new();
    for kind in [StreamKind::Model, StreamKind::Calendar] {
        for name in names {
            logs.push(Stream::new(tenant("t"), kind, key(name)));
            logs.push(Stream::new(tenant(name), kind, key("b")));
        }
        // Joined, they would be one.
        logs.push(Stream::new(tenant(&format!("t/{kind}/x")), kind, key("y")));
        logs.push(Stream::new(tenant("t"), kind, key(&format!("x/{kind}/y"))));
    }
    let mut written_batches = Vec::new();
    for stream in logs {
        let scribe = Scribe::other(stream);
        let batch = scribe.says(&format!("{}", scribe.stream));
        written(&format!("beginning `{}`", scribe.stream), store, &batch).await?;
        written_batches.push(batch);
    }
    for batch in &written_batches {
        let entries = log(store, batch.stream()).await?;
        same_log(format!("`{}`", batch.stream()), &entries, batch.events())?;
    }
    tenants_and_sinks(store, &names).await
}

/// The same names, of tenants with releases and of sinks.
async fn tenants_and_sinks(store: &impl Store, names: &[&str]) -> Result<(), Ended> {
    for name in names {
        Scribe::release_of(name, 1).put(store, "begin").await?;
    }
    for name in names {
        let page = page_of(store, name, Query::default(), 10).await?;
        let listed: Vec<_> = page.rows.iter().map(|row| &row.stream).collect();
        let release = Scribe::release_of(name, 1).stream;
        same(
            format!("releases of tenant `{name}`"),
            listed,
            vec![&release],
        )?;
        let claimed = claim_of(store, name, "inbox", noon(0)).await?;
        same(format!("notices of tenant `{name}`"), claimed.len(), 3)?;
        let is_own = claimed
            .iter()
            .all(|one| one.notice.stream.tenant.as_str() == *name);
        so(
            format!("notices of tenant `{name}`"),
            is_own,
            "only its own",
            places(&claimed),
        )?;
    }
    for sink in names {
        let claimed = claim_of(store, "a", sink, noon(0)).await?;
        let attempts: Vec<_> = claimed.iter().map(|one| one.attempt).collect();
        let what = format!("attempts of sink `{sink}`, after sinks whose names look alike");
        same(what, attempts, vec![1; 3])?;
    }
    Ok(())
}
