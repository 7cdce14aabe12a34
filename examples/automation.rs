//! The outside world does the work, and the release goes on by itself: notices start a real test command and a real
//! deploy script, their exit status and counts come back as records, and the automatic steps follow, or are refused.
//! `cargo run --example automation`. It ends with an error where that does not come out so.
//!
//! The commands are small shell scripts that the example writes into a folder of its own, and removes.
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use phasegate::desk::{AutomaticOutcome, Relay};
use phasegate::gate::{GateSet, Policies, ReleaseModel};
use phasegate::notify::{Notifier, NotifyError};
use phasegate::phase::{Action, Seconds, Standing};
use phasegate::release::{
    Actor, AnyRecord, Assessment, AssessmentDecision, AttemptFinished, AttemptNeverLive,
    AttemptOutcome, AttemptStarted, Baseline, Delivery, Digest, Environment, Key, Liveness, Name,
    ReleaseId, ReleasePackage, ReleaseUnit, Role, RoleGiven, Tenant, TestKind, TestRun, Text,
    UnitKind,
};
use phasegate::{Desk, Instant, Interval, MemoryStore, Person};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};

/// What a release of the shop goes by: functional tests of at least 95 percent, and then by itself.
const MODEL: &str = r#"{
    "name": "shop", "version": 1, "title": "The shop", "tracks": ["normal"],
    "gates": [{ "name": "production", "version": 1, "step": "deploy", "rules": [
        { "rule": { "evidence": { "required": { "functional": 95 } } } }
    ] }],
    "automatic": [
        { "step": "deploy", "by": "autopilot" },
        { "step": "finish_deployment", "by": "autopilot" }
    ]
}"#;

const NOON: &str = "2026-03-02T12:00:00Z";

type Failure = Box<dyn Error + Send + Sync>;

/// The host's side: what is told to it starts a command, and what the command said is an answer to be recorded.
struct Pipeline {
    folder: PathBuf,
    answers: Mutex<Vec<(ReleaseId, AnyRecord)>>,
}

impl Notifier for Pipeline {
    /// The same notice may come again: the ids of what is recorded come from the notice, so that it is recorded once.
    async fn deliver(&self, delivery: &Delivery) -> Result<(), NotifyError> {
        let notice = &delivery.notice;
        let id: ReleaseId = notice
            .stream
            .id
            .as_str()
            .parse()
            .map_err(NotifyError::reject)?;
        let work = format!("{}-{}", notice.kind, notice.version);
        let answers = match notice.kind.as_ref() {
            "release.testing_started" => self.test(&work),
            "release.deployment_started" => self.deploy(&work),
            _ => return Ok(()),
        };
        // What did not run at all is tried again later.
        let answers = answers.map_err(|error| NotifyError::retry(Seconds::minutes(1), error))?;
        let mut kept = self
            .answers
            .lock()
            .map_err(|_| NotifyError::reject("poisoned"))?;
        kept.extend(answers.into_iter().map(|answer| (id, answer)));
        Ok(())
    }
}

impl Pipeline {
    /// Runs the tests: they write how many passed and failed.
    fn test(&self, work: &str) -> Result<Vec<AnyRecord>, Failure> {
        let (is_fine, told) = self.run("test.sh")?;
        let mut counts = told.split_whitespace().map(str::parse::<u32>);
        let (passed, failed) = match (counts.next(), counts.next()) {
            (Some(passed), Some(failed)) => (passed?, failed?),
            _ => return Err(format!("the tests said `{told}`, expected two counts").into()),
        };
        println!(
            "  test.sh: {passed} passed, {failed} failed, exit {}",
            exit(is_fine)
        );
        let (staging, package) = (Environment::new("staging")?, package()?.digest());
        let kind = TestKind::Functional;
        let run = TestRun::new(Key::new(work)?, kind, staging, package, passed, failed);
        Ok(vec![run.into()])
    }

    /// Deploys: what the exit status says is how the attempt ended.
    fn deploy(&self, work: &str) -> Result<Vec<AnyRecord>, Failure> {
        let (is_fine, told) = self.run("deploy.sh")?;
        println!("  deploy.sh: {told}, exit {}", exit(is_fine));
        let (attempt, live) = (Key::new(work)?, Environment::new("production")?);
        let started = AttemptStarted::new(attempt.clone(), live, Liveness::Live);
        let ended = if is_fine {
            AttemptFinished::new(attempt, AttemptOutcome::Live).into()
        } else {
            AttemptNeverLive::new(attempt, Text::new(told)?).into()
        };
        Ok(vec![started.into(), ended])
    }

    /// Whether it went well, and the last line that it wrote.
    fn run(&self, script: &str) -> Result<(bool, String), Failure> {
        let output = Command::new("sh").arg(self.folder.join(script)).output()?;
        let told = String::from_utf8(output.stdout)?;
        let last = told.lines().last().unwrap_or_default();
        Ok((output.status.success(), last.to_owned()))
    }
}

const fn exit(is_fine: bool) -> &'static str {
    if is_fine { "0" } else { "not 0" }
}

fn package() -> Result<ReleasePackage, Failure> {
    let unit = |kind, content: &[u8]| -> Result<ReleaseUnit, Failure> {
        Ok(ReleaseUnit::new(
            kind,
            Name::new("2.4")?,
            Digest::of(content),
        ))
    };
    Ok(ReleasePackage::new([
        (Key::new("shop")?, unit(UnitKind::Code, b"the program")?),
        (
            Key::new("notes")?,
            unit(UnitKind::Documentation, b"the notes")?,
        ),
    ])?)
}

/// One host: a desk, and a pipeline that is told by a relay.
struct Host {
    desk: Desk<Arc<MemoryStore>>,
    pipeline: Pipeline,
    now: Instant,
}

impl Host {
    fn new(folder: &Path) -> Result<Self, Failure> {
        let now: Instant = NOON.parse()?;
        let model = ReleaseModel::from_json(MODEL, &Policies::new())?;
        let desk = Desk::new(Arc::new(MemoryStore::new()))
            .with_gates(GateSet::new().with_model(model))
            .with_clock(move || now);
        let pipeline = Pipeline {
            folder: folder.to_owned(),
            answers: Mutex::default(),
        };
        Ok(Self {
            desk,
            pipeline,
            now,
        })
    }

    /// A release that is built, planned to go live from noon on, and handed over to testing.
    async fn hand_over(&self, title: &str) -> Result<ReleaseId, Failure> {
        let (desk, ada) = (&self.desk, Person::new("ada")?);
        let model = desk.gates().models().next().ok_or("there is a model")?;
        let release = desk
            .run(desk.request(model.request(Name::new(title)?)), &ada)
            .await?;
        let worthwhile = Assessment::new(AssessmentDecision::Worthwhile);
        let release = desk.run(release.authorise(worthwhile), &ada).await?;
        let manager = RoleGiven::new(ada.clone(), Role::ReleaseManager);
        let release = desk.record(release, manager, &ada).await?;
        let mut plan = model.plan();
        plan.window = Some(Interval::new(self.now, self.now.plus(Seconds::hours(2)))?);
        let release = desk.record(release, plan, &ada).await?;
        let release = desk.record(release, Baseline::new(), &ada).await?;
        let release = desk.run(release.start_development(), &ada).await?;
        let release = desk.run(release.start_testing(package()?), &ada).await?;
        Ok(release.id())
    }

    /// One round of the host's loop: tell what happened, record what came back, and take what is automatic.
    async fn round(&self) -> Result<Vec<(Action, bool)>, Failure> {
        let (tenant, sink) = (Tenant::default(), Key::new("pipeline")?);
        let relay = Relay::new(self.desk.store(), &self.pipeline, tenant, sink);
        relay.run_once(self.now).await?;
        let answers = std::mem::take(&mut *self.pipeline.answers.lock().map_err(|_| "poisoned")?);
        for (id, answer) in answers {
            let by = Actor::system("pipeline")?;
            self.desk.record_by_id(id, answer, by).await?;
        }
        let mut taken = Vec::new();
        for told in self.desk.run_automatic(None, 100).await?.answers {
            let automatic = told.answer?;
            let is_taken = match automatic.outcome {
                AutomaticOutcome::Taken { to } => {
                    println!("  {} by {}: now in {to}", automatic.step, automatic.by);
                    true
                }
                AutomaticOutcome::Refused {
                    decision,
                    is_recorded,
                } => {
                    let again = if is_recorded { "" } else { ", as before" };
                    println!("  {decision}{again}");
                    false
                }
                other @ (AutomaticOutcome::NotCommitted(_) | _) => {
                    return Err(format!("{other:?}").into());
                }
            };
            taken.push((automatic.step, is_taken));
        }
        Ok(taken)
    }
}

/// The commands, as a host would have them: how many tests pass and fail, and whether the new version starts.
fn write_scripts(folder: &Path, passed: u32, failed: u32, starts: bool) -> Result<(), Failure> {
    let code = u32::from(failed > 0);
    let test = format!("echo running the tests\necho {passed} {failed}\nexit {code}\n");
    let deploy = if starts {
        "echo the new version answers\n"
    } else {
        "echo the new version does not answer\nexit 1\n"
    };
    write(&folder.join("test.sh"), &test)?;
    write(&folder.join("deploy.sh"), deploy)
}

#[expect(
    clippy::disallowed_methods,
    reason = "an example is a host, and hosts write files"
)]
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    Ok(std::fs::write(path, text)?)
}

/// All pass: it goes live, and the deployment is finished.
async fn goes_live(folder: &Path) -> Result<(), Failure> {
    println!("All tests pass:");
    write_scripts(folder, 120, 0, true)?;
    let host = Host::new(folder)?;
    let id = host.hand_over("Shop 2.4").await?;
    expect(&host.round().await?, &[(Action::Deploy, true)])?;
    expect(&host.round().await?, &[(Action::FinishDeployment, true)])?;
    expect(&host.round().await?, &[])?;
    stands(&host, id, "Review").await
}

/// Too many fail: the deployment is refused, once in the log, until better tests come.
async fn is_refused(folder: &Path) -> Result<(), Failure> {
    println!("Every tenth test fails:");
    write_scripts(folder, 108, 12, true)?;
    let host = Host::new(folder)?;
    let id = host.hand_over("Shop 2.5").await?;
    expect(&host.round().await?, &[(Action::Deploy, false)])?;
    expect(&host.round().await?, &[(Action::Deploy, false)])?;
    let log = host.desk.history(id).await?;
    let refusals = log
        .iter()
        .filter(|entry| entry.kind == "release.step_refused");
    let refusals = refusals.count();
    if refusals != 1 {
        return Err(format!("{refusals} refusals are in the log, expected 1").into());
    }
    stands(&host, id, "Testing").await
}

/// The script fails: it never was live, and nothing finishes by itself.
async fn never_starts(folder: &Path) -> Result<(), Failure> {
    println!("The new version does not start:");
    write_scripts(folder, 120, 0, false)?;
    let host = Host::new(folder)?;
    let id = host.hand_over("Shop 2.6").await?;
    expect(&host.round().await?, &[(Action::Deploy, true)])?;
    expect(&host.round().await?, &[])?;
    stands(&host, id, "Deployment").await
}

fn expect(found: &[(Action, bool)], wanted: &[(Action, bool)]) -> Result<(), Failure> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("asked by itself: {found:?}, expected {wanted:?}").into())
}

async fn stands(host: &Host, id: ReleaseId, wanted: &str) -> Result<(), Failure> {
    let standing: Standing = host.desk.load(id).await?.standing();
    println!("  it stands in {standing}");
    if standing.to_string() == wanted {
        return Ok(());
    }
    Err(format!("it stands in {standing}, expected {wanted}").into())
}

async fn all(folder: &Path) -> Result<(), Failure> {
    goes_live(folder).await?;
    is_refused(folder).await?;
    never_starts(folder).await
}

fn main() -> ExitCode {
    let folder = format!("phasegate-automation-{}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    let done = std::fs::create_dir_all(&folder)
        .map_err(Failure::from)
        .and_then(|()| pollster::block_on(all(&folder)));
    let removed = std::fs::remove_dir_all(&folder);
    match done.and(removed.map_err(Failure::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("it did not come out so: {error}");
            ExitCode::FAILURE
        }
    }
}
