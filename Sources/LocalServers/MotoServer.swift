import Foundation

/// A store that speaks S3's protocol on a spare port, with one empty bucket and one key: PyPI's `moto`, which keeps
/// objects in memory and checks signatures.
package actor MotoServer {
    package nonisolated let port: Int
    /// What its bucket is called.
    package nonisolated let bucket = "crowds"
    package nonisolated let accessKey: String
    package nonisolated let secretKey: String
    private let process: LocalProcess

    /// Starts it and makes bucket and key.
    ///
    /// - Parameter folder: takes its output.
    /// - Throws: `LocalServerError` when it is not installed or does not come up.
    package init(in folder: ServerFolder) async throws {
        let port = try FreePort.find()
        let home = try folder.part("moto")
        let python = try PythonPackage.moto.python()
        process = try LocalProcess(
            "/usr/bin/env",
            // That many calls are taken unsigned: those that `preparation` makes.
            [
                "INITIAL_NO_AUTH_ACTION_COUNT=4", python, "-m", "moto.server", "-H", "127.0.0.1", "-p",
                "\(port)",
            ],
            name: "moto",
            in: home
        )
        try await waited(for: "moto does not answer on port \(port)", atMost: .seconds(60)) {
            FreePort.isTaken(port)
        }
        let keys = home.appendingPathComponent("keys")
        let preparing = try LocalProcess(
            python,
            ["-c", Self.preparation, "http://127.0.0.1:\(port)", bucket, keys.path],
            name: "prepare",
            in: home
        )
        try await waited(for: "moto makes no key", atMost: .seconds(60)) {
            FileManager.default.fileExists(atPath: keys.path)
        }
        await preparing.stop()
        let text = try String(contentsOf: keys, encoding: .utf8).split(separator: "\n").map(String.init)
        guard text.count == 2 else { throw LocalServerError("moto made no key") }
        self.port = port
        (accessKey, secretKey) = (text[0], text[1])
    }

    /// Where it is.
    package nonisolated var url: String { "http://127.0.0.1:\(port)" }

    /// Has it end by itself.
    package func stop() async {
        await process.stop()
    }

    /// Sends it a signal, such as `SIGSTOP`.
    package func signal(_ number: Int32) {
        process.signal(number)
    }

    private static let preparation = """
        import boto3, json, os, sys
        url, bucket, keys = sys.argv[1:]
        place = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        iam = boto3.client("iam", **place)
        iam.create_user(UserName="kpush")
        key = iam.create_access_key(UserName="kpush")["AccessKey"]
        rule = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
        iam.put_user_policy(UserName="kpush", PolicyName="all", PolicyDocument=policy)
        boto3.client("s3", **place).create_bucket(Bucket=bucket)
        with open(keys + ".new", "w") as file:
            file.write(key["AccessKeyId"] + "\\n" + key["SecretAccessKey"] + "\\n")
        os.rename(keys + ".new", keys)
        """
}
