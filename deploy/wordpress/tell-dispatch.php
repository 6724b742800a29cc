<?php
/**
 * Plugin Name: Tell Dispatch
 * Description: Tells Dispatch that a post was published, changed or taken back: its number, and nothing else. Dispatch then asks the REST API.
 * Version: 2
 * Requires at least: 5.7
 * Requires PHP: 7.4
 * License: Apache-2.0
 *
 * One file: put it into wp-content/mu-plugins/, and into wp-config.php the two lines that `dispatch source add wordpress` leads to:
 *
 *     define('DISPATCH_HOOK', 'https://dispatch.example.org/hooks/site');
 *     define('DISPATCH_TOKEN', 'the secret that was shown once');
 */

defined('ABSPATH') || exit;

// Last of all hooks of a save (WordPress 5.6): terms and picture are in place when Dispatch asks. Scheduled posts come by here, too.
add_action('wp_after_insert_post', function ($number, $post, $is_update, $before) {
    $statuses = array($post->post_status, $before ? $before->post_status : '');
    if ('post' === $post->post_type && in_array('publish', $statuses, true)) {
        tell_dispatch($number);
    }
}, 10, 4);

// Deleted for good without the trash in between.
add_action('after_delete_post', function ($number, $post) {
    if ('post' === $post->post_type && 'publish' === $post->post_status) {
        tell_dispatch($number);
    }
}, 10, 2);

// What the REST API does not say of itself where Polylang or WPML keep the languages: whose translation a post is.
add_action('rest_api_init', function () {
    register_rest_field('post', 'dispatch', array(
        'get_callback' => function ($post) {
            return array('language' => dispatch_language($post['id']), 'translations' => dispatch_translations($post['id']));
        },
        'schema' => array('description' => 'The language, and the numbers of all translations.', 'type' => 'object', 'context' => array('view')),
    ));
});

/** Its code, "be", or "" where no plugin keeps languages. */
function dispatch_language($number)
{
    if (function_exists('pll_get_post_language')) {
        return (string) pll_get_post_language($number);
    }
    $details = apply_filters('wpml_element_language_details', null, array('element_id' => $number, 'element_type' => 'post'));
    return is_object($details) ? (string) $details->language_code : '';
}

/** Numbers, the post's own among them; none where no plugin keeps translations. */
function dispatch_translations($number)
{
    if (function_exists('pll_get_post_translations')) {
        return array_map('intval', array_values(pll_get_post_translations($number)));
    }
    $group = apply_filters('wpml_element_trid', null, $number, 'post_post');
    $found = $group ? apply_filters('wpml_get_element_translations', null, $group, 'post_post') : null;
    return is_array($found) ? array_map('intval', array_values(wp_list_pluck($found, 'element_id'))) : array();
}

/** Signed as Standard Webhooks has it, the secret as it stands for the key: the secret itself does not travel. */
function tell_dispatch($number)
{
    if (!defined('DISPATCH_HOOK') || !defined('DISPATCH_TOKEN')) {
        return;
    }
    $body = wp_json_encode(array('post_id' => $number));
    $delivery = wp_generate_uuid4();
    $moment = (string) time();
    $signature = base64_encode(hash_hmac('sha256', "$delivery.$moment.$body", DISPATCH_TOKEN, true));
    $answer = wp_remote_post(DISPATCH_HOOK, array(
        'timeout' => 5,  // an editor waits no longer; Dispatch also asks every five minutes what it was not told
        'redirection' => 0,
        'headers' => array(
            'Content-Type' => 'application/json',
            'webhook-id' => $delivery,
            'webhook-timestamp' => $moment,
            'webhook-signature' => "v1,$signature",
        ),
        'body' => $body,
    ));
    $status = is_wp_error($answer) ? $answer->get_error_message() : wp_remote_retrieve_response_code($answer);
    if (202 !== $status) {
        error_log("Dispatch was not told of post $number: $status");
    }
}
