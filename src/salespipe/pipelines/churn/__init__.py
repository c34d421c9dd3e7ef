from salespipe.pipelines.churn.pipeline import create_pipeline
