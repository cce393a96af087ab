package import Groundwork

/// What passes through the send chain: the input, and what the steps have made of it so far.
package struct SendContext: Sendable {
    /// Where the recipients come from.
    package enum Input: Sendable {
        case request(SendRequest)
        case crowd(CrowdStretch)
    }

    /// A recipient of a request that a step refused.
    package struct Refusal: Sendable {
        package let param: Int
        package let receiver: Int
        package let fault: SendFault
    }

    /// A recipient of a request that goes on: its place in the request.
    package struct Entry: Sendable {
        package let param: Int
        package let receiver: Int
    }

    package let input: Input
    package let acceptedAt: Moment
    /// Set by `ValidateStep`.
    package internal(set) var template: CompiledTemplate?
    /// Set by `AssembleStep`.
    package internal(set) var businessID: BusinessID?
    /// One text for each param of a request, nil for one that was refused; set by `AssembleStep`.
    package internal(set) var texts: [String?] = []
    package internal(set) var task: SendTask?
    package internal(set) var entries: [Entry] = []
    package internal(set) var refusals: [Refusal] = []
    package internal(set) var rejects: [RowReject] = []
    /// Row and line of each recipient of a crowd.
    package internal(set) var rows: [Int64] = []
    package internal(set) var lines: [Int64] = []
    /// Set by `EnqueueStep`.
    package internal(set) var outcome: AdmissionOutcome?

    package init(_ input: Input, acceptedAt: Moment) {
        self.input = input
        self.acceptedAt = acceptedAt
    }
}

/// A stretch of a crowd file on its way through the chain.
package struct CrowdStretch: Sendable {
    package let run: CampaignRunID
    package let shard: Int
    package let template: TemplateID
    package let templateVersion: Int
    /// For each variable of the template the column that holds it.
    package let columns: [String]
    package let batch: CrowdBatch

    package init(
        run: CampaignRunID,
        shard: Int,
        template: TemplateID,
        templateVersion: Int,
        columns: [String],
        batch: CrowdBatch
    ) {
        self.run = run
        self.shard = shard
        self.template = template
        self.templateVersion = templateVersion
        self.columns = columns
        self.batch = batch
    }
}

/// A template's version, ready to render.
package struct CompiledTemplate: Sendable {
    package let id: TemplateID
    package let version: Int
    package let draft: TemplateDraft
    package let content: ContentTemplate

    package init(id: TemplateID, version: Int, draft: TemplateDraft) throws(ContentFault) {
        self.id = id
        self.version = version
        self.draft = draft
        content = try draft.compiled
    }
}
