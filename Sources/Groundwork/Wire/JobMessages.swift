/// A job as programs describe it in the bodies of `/api/addJob` and `/api/updateJob`.
///
/// The words are the wire's own; whoever stores it says which of them it knows.
package struct JobDescription: Hashable, Sendable {
    package var name: String
    package var author: String
    package var alarmMail: String
    package var scheduleType: String
    package var scheduleConf: String
    package var misfire: String
    package var route: String
    package var overlap: String
    package var handler: String
    package var params: String
    /// In seconds; 0 means none.
    package var timeout: Int64
    /// How many further attempts follow one that failed.
    package var retries: Int64
    /// `BEAN` where the job has a handler.
    package var codeType: String
    package var codeSource: String
    package var codeRemark: String

    /// Reads the members of a body; what is left out is empty.
    ///
    /// - Parameter body: the members.
    /// - Throws: `WireError` for a member that is missing or of the wrong kind.
    init(_ body: WireObject) throws(WireError) {
        name = try body.requiredText("name")
        author = try body.requiredText("author")
        alarmMail = (body["alarmEmail"].text ?? "").trimming()
        scheduleType = try body.requiredText("scheduleType")
        scheduleConf = (body["scheduleConf"].text ?? "").trimming()
        misfire = try body.requiredText("misfireStrategy")
        route = try body.requiredText("executorRouteStrategy")
        overlap = try body.requiredText("executorBlockStrategy")
        handler = (body["executorHandler"].text ?? "").trimming()
        params = body["executorParam"].text ?? ""
        timeout = try body.number("executorTimeout") ?? 0
        retries = try body.number("executorFailRetryCount") ?? 0
        codeType = (body["glueType"].text ?? "").trimming()
        codeSource = body["glueSource"].text ?? ""
        codeRemark = (body["glueRemark"].text ?? "").trimming()
    }
}

/// The body of `/api/addJob`.
package struct JobAddition: Hashable, Sendable {
    /// The number of the executor group.
    package let group: Int64
    package let job: JobDescription

    /// Reads a body.
    ///
    /// - Parameter json: the body.
    /// - Throws: `WireError`.
    package init(json: [UInt8]) throws(WireError) {
        let body = try WireObject(body: WireValue(json: json))
        group = try body.requiredNumber("jobGroup")
        job = try JobDescription(body)
        guard !job.codeType.isEmpty else { throw WireError(.missing, member: "glueType") }
    }
}

/// The body of `/api/updateJob`; the job's group and code are not in it.
package struct JobUpdate: Hashable, Sendable {
    package let id: Int64
    package let job: JobDescription

    /// Reads a body.
    ///
    /// - Parameter json: the body.
    /// - Throws: `WireError`.
    package init(json: [UInt8]) throws(WireError) {
        let body = try WireObject(body: WireValue(json: json))
        id = try body.requiredNumber("id")
        job = try JobDescription(body)
    }
}

/// The body of `/api/removeJob`, `/api/startJob`, `/api/stopJob` and `/api/triggerJob`.
package struct JobCommand: Hashable, Sendable {
    package let id: Int64
    /// What the handler is given; nil for the job's own parameters.
    package let params: String?
    /// The only executor that may have the run; nil for whom the job's route chooses.
    package let address: String?

    /// Reads a body.
    ///
    /// - Parameter json: the body.
    /// - Throws: `WireError`.
    package init(json: [UInt8]) throws(WireError) {
        let body = try WireObject(body: WireValue(json: json))
        id = try body.requiredNumber("id")
        params = body["executorParam"].text
        let address = (body["addressList"].text ?? "").trimming()
        self.address = address.isEmpty ? nil : address
    }
}
