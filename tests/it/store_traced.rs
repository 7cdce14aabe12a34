//! What a traced store tells, and what it does not.

use crate::desk_support::{NOON, at, by, id, key, tenant, titled, wait};
use phasegate::gate::{Facts, GateSet};
use phasegate::phase::Seconds;
use phasegate::release::Version;
use phasegate::store::{Query, Settlement, Traced};
use phasegate::{MemoryStore, Release, Store};
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span, subscriber::Interest};

/// Writes down every span and event of one thread, with its fields.
struct Notebook {
    lines: Arc<Mutex<Vec<String>>>,
    of: ThreadId,
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Notebook {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        thread::current().id() == self.of
    }
    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        let mut line = Line(span.metadata().name().to_owned());
        span.record(&mut line);
        let mut lines = self.lines.lock().unwrap();
        lines.push(line.0);
        span::Id::from_u64(lines.len() as u64)
    }
    fn record(&self, span: &span::Id, values: &span::Record<'_>) {
        let mut lines = self.lines.lock().unwrap();
        let at = usize::try_from(span.into_u64()).unwrap() - 1;
        let mut line = Line(std::mem::take(&mut lines[at]));
        values.record(&mut line);
        lines[at] = line.0;
    }
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn every_call_has_a_span_with_its_answer_and_no_payload() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let notebook = Notebook {
        lines: lines.clone(),
        of: thread::current().id(),
    };
    // For all threads: one that has no subscriber of its own would switch the spans off for this one, too.
    tracing::subscriber::set_global_default(notebook).unwrap();
    {
        let store = Traced::new(MemoryStore::new());
        let asked = Release::request(tenant("default"), id(1), titled("Secret title"));
        let cleared = GateSet::new().decide(asked, &Facts::at(at(NOON)), &by("secret person"));
        let batch = cleared.unwrap().batch().clone();
        wait(store.commit(&batch)).unwrap();
        wait(store.commit(&batch)).unwrap();
        wait(store.history(batch.stream(), Version::NONE, 10)).unwrap();
        wait(store.list(&tenant("default"), Query::default(), None, 10)).unwrap();
        wait(store.outcome(batch.stream(), batch.command())).unwrap();
        let (of, sink, lease) = (tenant("default"), key("inbox"), Seconds::minutes(1));
        let claimed = wait(store.claim(&of, &sink, at(NOON), lease, 10)).unwrap();
        wait(store.settle(&claimed[0], Settlement::Delivered)).unwrap();
        wait(store.settle(&claimed[0], Settlement::Delivered)).unwrap_err();
    }
    let said = lines.lock().unwrap().join("\n");
    let log = "default/release/00000000-0000-0000-0000-000000000001";
    for wanted in [
        "phasegate.store.commit",
        " expected=0 version=1 guards=0 answer=\"written\"",
        " answer=\"already done\"",
        "phasegate.store.history",
        " answer=\"1 entries\"",
        "phasegate.store.list tenant=default filter=All order=Created limit=10 answer=\"1 rows\"",
        "phasegate.store.outcome",
        " answer=\"done by version 1\"",
        "phasegate.store.claim tenant=default sink=inbox limit=10 answer=\"1 claimed\"",
        "phasegate.store.settle",
        " answer=\"settled\"",
        "WARN",
        "kind=StaleClaim",
    ] {
        assert!(said.contains(wanted), "{wanted} is not in\n{said}");
    }
    assert_eq!(said.matches(&format!("stream={log}")).count(), 6, "{said}");
    assert_eq!(said.lines().count(), 9, "{said}");
    assert!(!said.to_lowercase().contains("secret"), "{said}");
}
