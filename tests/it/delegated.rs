//! Stores around a store in tests: what they do not do themselves, the other one does.

/// Methods of [`phasegate::Store`] that the store in a field answers: `delegated!(store: list outcome);`. Something may
/// be done before each of them: `delegated!(|this| { this.meets()?; } store: list outcome);`. What that gives is held
/// until the answer is there.
macro_rules! delegated {
    ($store:tt: $($method:ident)*) => {
        $crate::delegated::delegated!(|_this| {} $store: $($method)*);
    };
    (|$this:ident| $before:block $store:tt: $($method:ident)*) => { $(
        $crate::delegated::delegated!(@$method $this $before $store);
    )* };
    (@commit $this:ident $before:block $store:tt) => {
        async fn commit(
            &self,
            batch: &phasegate::release::Batch,
        ) -> Result<phasegate::store::Committed, phasegate::store::StoreError> {
            let $this = self;
            let _held = ($before,);
            self.$store.commit(batch).await
        }
    };
    (@history $this:ident $before:block $store:tt) => {
        async fn history(
            &self,
            stream: &phasegate::release::Stream,
            after: phasegate::release::Version,
            limit: usize,
        ) -> Result<Vec<phasegate::release::Envelope>, phasegate::store::StoreError> {
            let $this = self;
            let _held = ($before,);
            self.$store.history(stream, after, limit).await
        }
    };
    (@list $this:ident $before:block $store:tt) => {
        async fn list(
            &self,
            tenant: &phasegate::release::Tenant,
            query: phasegate::store::Query,
            after: Option<&phasegate::store::Cursor>,
            limit: usize,
        ) -> Result<phasegate::store::Page, phasegate::store::StoreError> {
            let $this = self;
            let _held = ($before,);
            self.$store.list(tenant, query, after, limit).await
        }
    };
    (@outcome $this:ident $before:block $store:tt) => {
        async fn outcome(
            &self,
            stream: &phasegate::release::Stream,
            command: phasegate::release::CommandId,
        ) -> Result<Option<phasegate::store::Outcome>, phasegate::store::StoreError> {
            let $this = self;
            let _held = ($before,);
            self.$store.outcome(stream, command).await
        }
    };
    (@claim $this:ident $before:block $store:tt) => {
        async fn claim(
            &self,
            tenant: &phasegate::release::Tenant,
            sink: &phasegate::release::Key,
            now: phasegate::Instant,
            lease: phasegate::phase::Seconds,
            limit: usize,
        ) -> Result<Vec<phasegate::release::Delivery>, phasegate::store::StoreError> {
            let $this = self;
            let _held = ($before,);
            self.$store.claim(tenant, sink, now, lease, limit).await
        }
    };
    (@settle $this:ident $before:block $store:tt) => {
        async fn settle(
            &self,
            delivery: &phasegate::release::Delivery,
            settlement: phasegate::store::Settlement,
        ) -> Result<(), phasegate::store::StoreError> {
            let $this = self;
            let _held = ($before,);
            self.$store.settle(delivery, settlement).await
        }
    };
}

pub(crate) use delegated;
