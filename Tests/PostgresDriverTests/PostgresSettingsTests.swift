import Groundwork
import LocalServers
import Testing

@testable import PostgresDriver

@Suite struct PostgresSettingsTests {
    @Test(arguments: [
        "postgres://u:s3cr%t@h/db", "postgres://u:s3cr/t@h/db", "postgres://u:s3cr@t@h/db",
        "postgres://u:1/s3cr@t@h/db", "host=h password=my s3cr", "host=h password='s3cr", "s3cr",
        "host=h password=my s3cr=t", "mysql://u:s3cr@h/db",
    ])
    func `an address that cannot be read is refused, and nothing of it is told`(_ address: String) {
        let error = #expect(throws: PostgresAddressError.self) { try PostgresSettings(address: address) }
        #expect(error.map { "\($0)".hasPrefix("must be a URL") && !"\($0)".contains("s3cr") } == true)
    }

    @Test(arguments: [
        "postgresql://u:s3cr%2F%40t@h:5432/db?sslmode=require", "postgres://u:s3cr%2F%40t@h,i:5432,5433/db",
        "host=h user=u password='s3cr/@t' dbname=db port=5432",
    ])
    func `an address is read, and no dump shows its password`(_ address: String) throws {
        let settings = try PostgresSettings(address: address)
        let said = Self.said(by: settings)
        #expect(said["password"] == ["s3cr/@t"] && said["dbname"] == ["db"] && said["user"] == ["u"])
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!dumped.contains("s3cr") && !"\(settings)".contains("s3cr"))
    }

    @Test func `what an address says of the connection counts, and what it does not say is ours`() throws {
        let own = Self.said(by: try PostgresSettings(address: "host=h"))
        #expect(own["connect_timeout"] == ["5"] && own["tcp_user_timeout"] == ["15000"])
        let given = Self.said(
            by: try PostgresSettings(
                address: "postgresql://h/db?connect_timeout=9&tcp_user_timeout=7000&client_encoding=LATIN1"
            )
        )
        #expect(given["connect_timeout"] == ["9"] && given["tcp_user_timeout"] == ["7000"])
        // Every text is read as this, whoever says otherwise.
        #expect(given["client_encoding"] == ["UTF8"])
    }

    @Test func `a connection carries the name that its address gives it, or ours`() async throws {
        let address = try await TestPostgres.database()
        for (address, name) in [(address, "kpush"), (address + "?application_name=mine", "mine")] {
            let link = try PostgresLink(PostgresSettings(address: address))
            #expect(try link.runScript("SHOW application_name").first?.text(0) == name)
        }
    }

    /// What libpq is told, by keyword.
    private static func said(by settings: PostgresSettings) -> [String: [String]] {
        Dictionary(grouping: settings.parameters, by: \.keyword).mapValues { $0.map { $0.value.reveal() } }
    }
}
