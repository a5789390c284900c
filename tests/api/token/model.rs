//! Random interleavings of refresh, reuse, log-out and password change, compared with a model of a few lines.

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::helpers::{Client, TestApp};

#[derive(Debug, Clone)]
enum Step {
    /// Uses the token of the generation that lies this many before the newest.
    Refresh(usize),
    Wait(i64),
    LogOut,
    LogIn,
    ChangePassword,
}

/// What the service must know: the tokens of one session, and whether the session is alive.
#[derive(Default)]
struct Model {
    tokens: Vec<String>,
    rotated_at: i64,
    alive: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4_usize).prop_map(Step::Refresh),
        3 => prop_oneof![Just(1), Just(9), Just(10), Just(11), Just(60)].prop_map(Step::Wait),
        1 => Just(Step::LogOut),
        2 => Just(Step::LogIn),
        1 => Just(Step::ChangePassword),
    ];
    prop::collection::vec(step, 1..25)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_interleaving_agrees_with_the_model() {
    let app = TestApp::new().await;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let mut runner = TestRunner::new(Config {
            cases: 60,
            failure_persistence: None,
            ..Config::default()
        });
        let cases = AtomicU32::new(0);
        let result = runner.run(&steps(), |steps| {
            runtime.block_on(play(&app, cases.fetch_add(1, Ordering::Relaxed), steps));
            Ok(())
        });
        result.unwrap();
    });
}

async fn play(app: &TestApp, case: u32, steps: Vec<Step>) {
    let email = format!("user{case}@example.com");
    let mut password = "password number 0".to_owned();
    let browser = app.client();
    browser.sign_up(&email, &password).await.ok();
    let client = app.client();
    let (mut model, mut now) = (Model::default(), 0);
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::LogIn => {
                let tokens = client.token_pair(&email, &password).await;
                model = Model {
                    tokens: vec![tokens.refresh],
                    rotated_at: now,
                    alive: true,
                };
            }
            Step::Wait(seconds) => {
                app.clock.advance(TimeDelta::seconds(seconds));
                now += seconds;
            }
            Step::LogOut => log_out(&client, &mut model).await,
            Step::ChangePassword => {
                let new = format!("password number {}", number + 1);
                browser.change_password(&password, &new).await.ok();
                password = new;
                model.alive = false;
            }
            Step::Refresh(age) => refresh(&client, &mut model, age, now).await,
        }
    }
}

async fn log_out(client: &Client, model: &mut Model) {
    let Some(token) = model.tokens.last() else { return };
    let answer = client.blacklist(token).await;
    answer.assert_status(if model.alive { 200 } else { 401 });
    model.alive = false;
}

async fn refresh(client: &Client, model: &mut Model, age: usize, now: i64) {
    let newest = model.tokens.len();
    let Some(generation) = newest.checked_sub(age + 1) else {
        return;
    };
    let answer = client.refresh(&model.tokens[generation]).await;
    let is_retry = age == 1 && now - model.rotated_at <= 10;
    if !model.alive {
        answer.assert_status(401);
    } else if age == 0 {
        model.tokens.push(answer.ok().tokens().refresh);
        model.rotated_at = now;
    } else if is_retry {
        assert_eq!(answer.ok().tokens().refresh, model.tokens[newest - 1]);
    } else {
        answer.assert_status(401);
        model.alive = false;
    }
}
