//! The command-line tool of the examples, run as a process: what it answers, and what it exits with.
#![expect(
    clippy::too_many_lines,
    reason = "a story, or a table of cases, is told in one piece"
)]

use crate::desk_support::{NOON, key, office, titled, wait};
use crate::samples::reseal;
use phasegate::gate::{GateSet, Policies, ReleaseModel};
use phasegate::release::{Envelope, ModelReference};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const NO: i32 = 1;
const ASKED_WRONGLY: i32 = 2;
const BROKEN: i32 = 3;

/// A finished release with refusals and an override.
const GATED: &str = "tests/golden/unreleased/gated.jsonl";
const EXPEDITED: &str = "tests/golden/unreleased/expedited.jsonl";
const UNAUTHORISED: &str = "tests/golden/unreleased/unauthorised.jsonl";

/// The tool, built as the tests were: with TOML, if they have it.
fn tool() -> &'static Path {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    TOOL.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--example", "releasectl"]);
        if cfg!(feature = "toml") {
            build.args(["--features", "toml"]);
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let done = build.current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(done.unwrap().success());
        // The tests run in the `deps` beside the `examples`.
        let tests = std::env::current_exe().unwrap();
        let folder = tests.parent().unwrap().parent().unwrap();
        folder
            .join("examples/releasectl")
            .with_extension(std::env::consts::EXE_EXTENSION)
    })
}

/// What it exits with, prints, and complains of.
fn run(args: &[&str]) -> (i32, String, String) {
    let done = Command::new(tool())
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        done.status.code().unwrap(),
        text(done.stdout),
        text(done.stderr),
    )
}

#[track_caller]
fn answers(args: &[&str]) -> String {
    let (code, page, complaint) = run(args);
    assert_eq!((code, complaint.as_str()), (0, ""), "{args:?}");
    page
}

#[track_caller]
fn complains(args: &[&str], code: i32, of: &[&str]) {
    let (exit, page, complaint) = run(args);
    assert_eq!(exit, code, "{args:?}: {page}{complaint}");
    for part in of {
        assert!(
            complaint.contains(part),
            "{args:?}: `{part}` is not in {complaint}"
        );
    }
    assert!(
        complaint.ends_with('\n') && !complaint.contains("panicked"),
        "{complaint}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test writes the files that the tool reads"
)]
fn file(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a test reads its golden files")]
fn golden(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The lines, each with its end.
fn ended(lines: &[&str]) -> String {
    lines.join("\n") + "\n"
}

/// The first so many events of the release, which are those before it was deployed.
fn tested() -> String {
    let log = golden(GATED);
    let deployed = log
        .lines()
        .position(|line| line.contains("release.deployment_started"));
    let lines: Vec<_> = log.lines().take(deployed.unwrap()).collect();
    ended(&lines)
}

const RULES: &str = r#"{ "gates": [
    { "name": "production", "version": 1, "step": "deploy",
      "rules": [{ "rule": { "evidence": { "required": { "functional": 95, "security": 100 } } } }] }
] }"#;

const WINDOW: &str = r#"{"window":{"start":"2026-03-20T20:00:00Z","end":"2026-03-20T22:00:00Z"}}"#;

#[test]
fn without_arguments_it_shows_everything_once() {
    let page = answers(&[]);
    for command in ["table", "gates", "state", "explain", "trail", "report"] {
        let shown = page.matches(&format!("\n$ releasectl {command}")).count();
        assert_eq!(shown, 1, "{command}");
    }
    for told in [
        "deploy refused, asked for by `dee` at 2026-03-02T19:00:00Z\n",
        "uses override W-1",
        "the chain of 12 events is whole",
        "passed over: the risk is 100 of 100 (very high), and at most medium is allowed",
    ] {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn it_says_what_it_can_do() {
    let help = answers(&["help"]);
    for command in ["table", "gates", "state", "explain", "trail", "report"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
    }
}

#[test]
fn it_answers_what_it_is_asked() {
    let rules = file("rules.json", RULES);
    let log = file("tested.jsonl", tested());
    assert!(
        answers(&["table"]).contains("deploy             gated  Testing                Deployment")
    );
    let gates = ["gates", "deploy", "--rules", &rules];
    assert!(
        answers(&gates).contains(r#"├─ `evidence` {"required":{"functional":95,"security":100}}"#)
    );
    assert!(answers(&["gates", "close", "--rules", &rules]).contains("no gate holds close"));
    assert!(answers(&["state", "--log", &log]).contains("standing  Testing\n"));
    assert!(answers(&["state", "--log", GATED]).contains("completed with issues\n"));
    let json = answers(&["state", "--log", GATED, "--json"]);
    let view: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(view["standing"]["phase"], "closed");
    let trail = answers(&["trail", "--log", GATED]);
    assert!(
        trail.contains("uses override O-1") && trail.contains("deploy: "),
        "{trail}"
    );
    assert!(trail.contains("the chain of 26 events is whole"), "{trail}");
    let report = [
        "report",
        "--log",
        EXPEDITED,
        "--log",
        UNAUTHORISED,
        "--at",
        "2026-04-01T00:00:00Z",
    ];
    let report = answers(&report);
    assert!(
        report.contains("of 2 releases") && report.contains("debts: 2"),
        "{report}"
    );
}

#[test]
fn a_refusal_exits_with_no_and_tells_why_in_three_forms() {
    let (rules, log) = (file("rules-of-no.json", RULES), file("no.jsonl", tested()));
    let asked = |at: &'static str, form: &'static [&str]| {
        let mut args = vec![
            "explain", "deploy", WINDOW, "--log", &log, "--at", at, "--by", "kim",
        ];
        args.extend(["--rules", &rules]);
        args.extend(form);
        run(&args)
    };
    let (code, tree, complaint) = asked("2026-03-20T20:00:00Z", &[]);
    assert_eq!((code, complaint.as_str()), (NO, ""));
    assert!(tree.starts_with("deploy refused, asked for by `kim` at 2026-03-20T20:00:00Z\n"));
    assert!(
        tree.contains("├─ `kind-missing`: no security test ran on package"),
        "{tree}"
    );
    let (_, markdown, _) = asked("2026-03-20T20:00:00Z", &["--markdown"]);
    assert!(
        markdown.contains("\n    - `kind-missing`: `no security test ran"),
        "{markdown}"
    );
    let (code, json, _) = asked("2026-03-20T20:00:00Z", &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["asked"]["step"]), (NO, &"deploy".into()));
    // By the lifecycle alone, it may go live.
    let cleared = [
        "explain",
        "deploy",
        WINDOW,
        "--log",
        &log,
        "--at",
        "2026-03-20T20:00:00Z",
        "--by",
        "kim",
    ];
    assert!(answers(&cleared).starts_with("deploy cleared"));
}

#[test]
fn what_is_asked_wrongly_is_told_with_what_there_is() {
    let log = file("asked.jsonl", tested());
    let explain = |step: &'static str, with: &'static str, more: &[&'static str]| {
        let mut args = vec!["explain", step];
        args.extend(Some(with).filter(|with| !with.is_empty()));
        args.extend(["--log", &log]);
        args.extend(more);
        args.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let when = ["--at", "2026-03-20T20:00:00Z", "--by", "kim"];
    let cases = [
        (
            vec!["fly".to_owned()],
            vec!["no command `fly`", "releasectl help"],
        ),
        (vec!["gates".to_owned()], vec!["which step?"]),
        (vec!["state".to_owned()], vec!["`state` needs `--log FILE`"]),
        (
            vec!["state".to_owned(), "--lag".to_owned()],
            vec!["no option `--lag`"],
        ),
        (
            vec!["state".to_owned(), "--log".to_owned()],
            vec!["`--log` needs a value"],
        ),
        (
            explain("deplyo", WINDOW, &when),
            vec!["no step `deplyo`", "deploy"],
        ),
        (
            explain("deploy", WINDOW, &[]),
            vec!["`explain` needs `--at INSTANT`"],
        ),
        (
            explain("deploy", WINDOW, &when[..2]),
            vec!["needs `--by PERSON`"],
        ),
        (
            explain("deploy", WINDOW, &["--at", "noon"]),
            vec!["`--at`: invalid instant `noon`"],
        ),
        (
            explain("deploy", WINDOW, &["--by", ""]),
            vec!["`--by`: invalid person ``"],
        ),
        (
            explain("deploy", "", &when),
            vec!["missing field `window`", "such as '{\"window\""],
        ),
        (
            explain("deploy", "{", &when),
            vec!["EOF while parsing", "give what it needs as JSON"],
        ),
        (
            explain("deploy", "{\"x\":1}", &when),
            vec!["unknown field `x`"],
        ),
    ];
    for (args, of) in cases {
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        complains(&args, ASKED_WRONGLY, &of);
    }
    complains(
        &["trail", "--log", &log, "--log", GATED],
        ASKED_WRONGLY,
        &["reads one log"],
    );
}

#[test]
fn the_gates_of_a_release_model_are_told_beside_the_others() {
    let rules = file("beside.json", RULES);
    let model = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/models/web-service.json"
    );
    let gates = answers(&["gates", "deploy", "--rules", &rules, "--model", model]);
    assert!(
        gates.contains("`production` version 1") && gates.contains("`web-service/"),
        "{gates}"
    );

    let mistaken = file(
        "mistaken.json",
        r#"{ "name": "web", "version": 0, "tracks": [] }"#,
    );
    let asked = ["gates", "deploy", "--model", &mistaken];
    complains(
        &asked,
        BROKEN,
        &[
            "mistaken.json: correct these",
            "\n  version: ",
            "\n  tracks: ",
        ],
    );
}

/// A model of the shop, as JSON.
const SHOP: &str = r#"{
    "name": "shop", "version": 1, "title": "The shop", "tracks": ["normal"],
    "gates": [{ "name": "intake", "version": 1, "step": "authorise",
        "rules": [{ "rule": { "risk": { "at_most": "low" } } }] }]
}"#;

/// The same, as TOML.
const SHOP_TOML: &str = r#"
name = "shop"
version = 1
title = "The shop"
tracks = ["normal"]
[[gates]]
name = "intake"
version = 1
step = "authorise"
rules = [{ rule.risk.at_most = "low" }]
"#;

#[test]
fn a_mistaken_release_model_is_told_with_every_place() {
    let unknown = SHOP.replace("risk", "rsik");
    let host = SHOP.replace(
        r#"{ "risk": { "at_most": "low" } }"#,
        r#"{ "host": { "name": "no-fridays" } }"#,
    );
    let nested = SHOP.replace(
        r#"{ "risk": { "at_most": "low" } }"#,
        r#"{ "any": [{ "risk": {} }] }"#,
    );
    for (name, model, of) in [
        (
            "cut.json",
            &SHOP[..40],
            vec!["cut.json: correct these", "\n  file: EOF while parsing"],
        ),
        (
            "list.json",
            "[]",
            vec!["\n  file: expected an object, found a list of 0"],
        ),
        (
            "policy.json",
            &unknown,
            vec!["\n  gates[0].rules[0].rule: no policy `rsik`; there are: approvals, "],
        ),
        (
            "host.json",
            &host,
            vec!["\n  gates[0].rules[0].rule.host.name: no host policy `no-fridays`"],
        ),
        (
            "nested.json",
            &nested,
            vec!["\n  gates[0].rules[0].rule.any[0].risk: missing key `at_most`"],
        ),
        (
            "key.json",
            &SHOP.replace("title", "titel"),
            vec!["\n  titel: no such key; there are: name, "],
        ),
    ] {
        let model = file(name, model);
        complains(&["gates", "authorise", "--model", &model], BROKEN, &of);
    }
    complains(
        &["gates", "authorise", "--model", "no/such.json"],
        BROKEN,
        &["no/such.json: ", "check the path"],
    );
    complains(
        &["gates", "authorise", "--model"],
        ASKED_WRONGLY,
        &["`--model` needs a value"],
    );
}

#[test]
fn a_release_is_explained_by_the_model_that_it_follows() {
    let model = ReleaseModel::from_json(SHOP, &Policies::new()).unwrap();
    let office = office().with_gates(GateSet::new().with_model(model));
    let mut request = titled("Shop 2.4");
    request.model = Some(ModelReference::new(key("shop"), 1_u32));
    let release = office.done(office.asked(request), "kim");
    let log = wait(office.desk.history(release.id())).unwrap();
    let log: String = log
        .iter()
        .map(|entry| entry.to_json().unwrap() + "\n")
        .collect();
    let log = file("following.jsonl", log);
    let explain = |models: &[&str]| {
        let assessment = r#"{"assessment":{"decision":"worthwhile"}}"#;
        let mut args = vec!["explain", "authorise", assessment, "--log", &log];
        args.extend(["--at", NOON, "--by", "cho"]);
        args.extend(models.iter().flat_map(|model| ["--model", *model]));
        run(&args)
    };
    let shop = file("following.json", SHOP);
    let (code, page, _) = explain(&[&shop]);
    assert_eq!(code, NO);
    assert!(
        page.contains("`shop/intake`") && page.contains("risk-not-assessed"),
        "{page}"
    );
    // By another name, or another version, it is none of the release's.
    let shed = file("shed.json", SHOP.replace("shop", "shed"));
    let newer = file(
        "newer.json",
        SHOP.replace(r#""version": 1, "title""#, r#""version": 2, "title""#),
    );
    let unknown = "`unknown-model`: the release follows version 1 of the model `shop`";
    for others in [&[][..], &[shed.as_str()], &[&newer, &shed]] {
        let (code, page, complaint) = explain(others);
        assert_eq!((code, complaint.as_str()), (NO, ""));
        assert!(page.contains(unknown) && !page.contains("intake"), "{page}");
    }
    // Of several, it is found.
    let (_, page, _) = explain(&[&shed, &newer, &shop]);
    assert!(
        page.contains("`shop/intake`") && !page.contains("unknown-model"),
        "{page}"
    );
}

#[test]
fn a_release_model_may_be_json_or_toml() {
    let json = file("same.json", SHOP);
    let toml = file("same.toml", SHOP_TOML);
    let gates = |model: &str| run(&["gates", "authorise", "--json", "--model", model]);
    let by_json = gates(&json);
    assert_eq!(by_json.0, 0, "{by_json:?}");
    if cfg!(feature = "toml") {
        assert_eq!(gates(&toml), by_json);
        let broken = file(
            "broken.toml",
            SHOP_TOML.replace("version = 1", "version = "),
        );
        let of = ["broken.toml: correct these", "\n  file: ", " at line 3"];
        complains(&["gates", "authorise", "--model", &broken], BROKEN, &of);
        let mistaken = file("mistaken.toml", SHOP_TOML.replace("low", "none"));
        let of = [
            "mistaken.toml: correct these",
            "\n  gates[0].rules[0].rule.risk.at_most: there is no `none`",
        ];
        complains(&["gates", "authorise", "--model", &mistaken], BROKEN, &of);
    } else {
        let of = [
            "same.toml: this tool was built without TOML",
            "--features toml",
        ];
        complains(
            &["gates", "authorise", "--model", &toml],
            ASKED_WRONGLY,
            &of,
        );
    }
    // The ending of its name says what it is.
    let other = file("toml.json", SHOP_TOML);
    complains(
        &["gates", "authorise", "--model", &other],
        BROKEN,
        &["toml.json: correct these"],
    );
}

#[test]
fn a_file_of_rules_is_told_with_every_mistake() {
    let log = file("ruled.jsonl", tested());
    for (name, rules, of) in [
        (
            "not-json.json",
            "{".as_bytes(),
            vec!["not-json.json", "EOF"],
        ),
        (
            "latin.json",
            b"{ \"gates\": \"\xe9\" }",
            vec!["latin.json: not UTF-8 after byte 12"],
        ),
        (
            "two.json",
            br#"{ "gates": [{ "name": "a", "version": "1", "step": "fly", "rules": [] }] }"#,
            vec!["\n  gates[0].version: ", "\n  gates[0].step: no step `fly`"],
        ),
    ] {
        let rules = file(name, rules);
        complains(&["gates", "deploy", "--rules", &rules], BROKEN, &of);
        let args = [
            "explain", "deploy", WINDOW, "--log", &log, "--rules", &rules,
        ];
        let args = [&args[..], &["--at", "2026-03-20T20:00:00Z", "--by", "kim"]].concat();
        complains(&args, BROKEN, &of);
    }
    complains(
        &["gates", "deploy", "--rules", "no/such.json"],
        BROKEN,
        &["no/such.json: ", "check the path"],
    );
}

/// Every command that reads a log, with this one.
fn commands(log: &str) -> [Vec<&str>; 4] {
    let when = ["--at", "2026-04-01T00:00:00Z"];
    [
        vec!["state", "--log", log],
        vec!["trail", "--log", log],
        [&["report", "--log", log][..], &when].concat(),
        [
            &[
                "explain",
                "close",
                r#"{"record":{}}"#,
                "--log",
                log,
                "--by",
                "kim",
            ][..],
            &when,
        ]
        .concat(),
    ]
}

#[test]
fn a_broken_log_is_told_by_every_command_with_its_line() {
    let whole = golden(GATED);
    let lines: Vec<_> = whole.lines().collect();
    let edited = whole.replacen("\"passed\":90", "\"passed\":99", 1);
    assert_ne!(edited, whole);
    let at = edited
        .lines()
        .zip(&lines)
        .position(|(new, old)| new != *old)
        .unwrap()
        + 1;
    let backdated = whole.replacen("2026-03-02T10:01:00Z", "2026-03-01T10:01:00Z", 1);
    let mut swapped = lines.clone();
    swapped.swap(4, 5);
    let mut not_utf8 = whole.clone().into_bytes();
    not_utf8[10] = 0xff;
    let cases: [(&str, Vec<u8>, Vec<String>); 11] = [
        (
            "edited",
            edited.into_bytes(),
            vec![format!("edited.jsonl:{at}: "), "payload was edited".into()],
        ),
        (
            "backdated",
            backdated.into_bytes(),
            vec!["backdated.jsonl:1: ".into(), "envelope was edited".into()],
        ),
        (
            "missing",
            ended(&[&lines[..6], &lines[7..]].concat()).into_bytes(),
            vec![
                "missing.jsonl:7: ".into(),
                "are missing".into(),
                "compare it with a copy".into(),
            ],
        ),
        (
            "headless",
            ended(&lines[1..]).into_bytes(),
            vec!["headless.jsonl:1: ".into(), "are missing".into()],
        ),
        (
            "swapped",
            ended(&swapped).into_bytes(),
            vec!["swapped.jsonl:5: ".into(), "are missing".into()],
        ),
        (
            "doubled",
            ended(&[&lines[..3], &lines[2..]].concat()).into_bytes(),
            vec!["doubled.jsonl:4: ".into(), "wrong place, or twice".into()],
        ),
        (
            "torn",
            whole.as_bytes()[..whole.len() - 40].to_vec(),
            vec!["torn.jsonl:26: ".into(), "may be cut off".into()],
        ),
        (
            "latin",
            not_utf8,
            vec!["latin.jsonl:1: not UTF-8 after byte 10".into()],
        ),
        (
            "gap",
            whole.replacen('\n', "\n\n", 1).into_bytes(),
            vec!["gap.jsonl:2: an empty line".into()],
        ),
        (
            "empty",
            Vec::new(),
            vec!["empty.jsonl: there is no event in it".into()],
        ),
        (
            "other",
            b"{\"id\":1}\n".to_vec(),
            vec!["other.jsonl:1: ".into(), "take the line from a copy".into()],
        ),
    ];
    for (name, bytes, of) in cases {
        let log = file(&format!("{name}.jsonl"), bytes);
        let of: Vec<_> = of.iter().map(String::as_str).collect();
        for command in commands(&log) {
            complains(&command, BROKEN, &of);
        }
    }
    complains(
        &["state", "--log", "no/such.jsonl"],
        BROKEN,
        &["no/such.jsonl: ", "check the path"],
    );
}

#[test]
fn a_log_that_was_cut_off_is_seen_by_the_hash_that_was_kept() {
    let whole = golden(GATED);
    let head = |text: &str| {
        Envelope::from_json(text.lines().last().unwrap())
            .unwrap()
            .hash
            .to_string()
    };
    let kept = head(&whole);
    assert!(answers(&["trail", "--log", GATED, "--head", &kept]).contains(&kept));
    let kept_lines: Vec<_> = whole.lines().take(20).collect();
    let cut = ended(&kept_lines);
    let log = file("cut.jsonl", &cut);
    assert!(answers(&["trail", "--log", &log]).contains("the chain of 20 events is whole"));
    let of = ["cut.jsonl: it ends with ", &kept, "cut off"];
    complains(&["trail", "--log", &log, "--head", &kept], BROKEN, &of);
}

#[test]
fn an_event_of_an_unknown_kind_is_told_and_stops_only_if_it_is_critical() {
    let written = |name: &str, critical: bool| {
        let whole = golden(GATED);
        let mut log: Vec<_> = whole
            .lines()
            .map(|line| Envelope::from_json(line).unwrap())
            .collect();
        let last = log.last_mut().unwrap();
        last.kind = "release.teleported".into();
        last.critical = critical;
        reseal(&mut log);
        let lines: String = log
            .iter()
            .map(|entry| entry.to_json().unwrap() + "\n")
            .collect();
        file(name, lines)
    };
    let log = written("unknown.jsonl", false);
    let state = answers(&["state", "--log", &log]);
    assert!(
        state.contains("version 26, `release.teleported`, is of a kind"),
        "{state}"
    );
    assert!(answers(&["trail", "--log", &log]).contains("unknown here, not critical"));

    let log = written("critical.jsonl", true);
    let trail = answers(&["trail", "--log", &log]);
    assert!(
        trail.contains("`release.teleported` is critical and unknown here"),
        "{trail}"
    );
    let of = [
        "critical.jsonl:26: ",
        "critical and unknown here",
        "newer version of the tool",
    ];
    for command in commands(&log)
        .iter()
        .filter(|command| command[0] != "trail")
    {
        complains(command, BROKEN, &of);
    }
}
