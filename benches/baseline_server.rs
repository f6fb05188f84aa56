//! A minimal actix handler, with which polling is compared, and a CSV that never ends, which keeps a run active. Prints
//! its address and serves until it is killed.

use actix_web::web::Bytes;
use actix_web::{App, Error, HttpResponse, HttpServer, web};
use futures_util::StreamExt;
use futures_util::stream::{once, pending};

fn main() -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let answer = || async { HttpResponse::Ok().content_type("application/json").body(r#"{"status":"ok"}"#) };
        let endless_csv = || async {
            let beginning = once(async { Ok::<_, Error>(Bytes::from_static(b"id,title\n1,One\n")) });
            HttpResponse::Ok().content_type("text/csv").streaming(Box::pin(beginning.chain(pending())))
        };
        let server = HttpServer::new(move || {
            App::new().route("/", web::get().to(answer)).route("/endless.csv", web::get().to(endless_csv))
        })
        .workers(2)
        .bind(("127.0.0.1", 0))?;
        println!("http://{}/", server.addrs()[0]);
        server.run().await
    })
}
