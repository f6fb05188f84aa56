//! The smallest actix handler there can be: what polling is compared with. It prints its address and serves until it
//! is killed.

use actix_web::{App, HttpResponse, HttpServer, web};

fn main() -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let answer = || async { HttpResponse::Ok().content_type("application/json").body(r#"{"status":"ok"}"#) };
        let server =
            HttpServer::new(move || App::new().route("/", web::get().to(answer))).workers(2).bind(("127.0.0.1", 0))?;
        println!("http://{}/", server.addrs()[0]);
        server.run().await
    })
}
